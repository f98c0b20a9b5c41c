package tool

import (
	"slices"
	"testing"
)

func TestOmittedFiles(t *testing.T) {
	t.Parallel()
	got := OmittedFiles([]string{
		"[00] 2026-11-27 12:33:21 Warning: We assume the  table was dropped during xtrabackup execution " +
			"and ignore the tablespace ./shop/orders.ibd",
		"[Warning] InnoDB: Ignoring data file './shop/a.ibd' with space ID 7, since the redo log references './shop/b.ibd'", "skipped",
	})
	if want := []string{"shop/orders.ibd", "shop/a.ibd", "shop/b.ibd"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
