package server

import (
	"os"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/testkit"
)

func TestDataSize(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	block := string(make([]byte, 64<<10))
	testkit.Write(t, dir, map[string]string{
		"ibdata1": block, "ib_logfile0": block, "ib_logfile1": block, "ibtmp1": block, "undo001": block, "aria_log.00000001": block,
		"shop/orders.ibd": block, "shop/notes.MYD": block, "shop/notes.MYI": block, "#innodb_redo/#ib_redo1": block,
		"shop/ib_logfile_old.ibd": block, "shop/ibtmp.MYD": block, "shop/undo.MYD": block, "shop/ibdata.MYI": block,
		"#innodb_temp/temp_1.ibt": block, "binlog.000001": block, "binlog.index": "", "host-relay-bin.1000000": block,
	})
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	got, err := DataSize(dir)
	want := Sizes{Total: disk.Size{Apparent: 10 * 64 << 10, Allocated: 10 * 64 << 10}, InnoDB: 4 * 64 << 10, Largest: 64 << 10}
	if err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	sparse := filepath.Join(dir, "shop", "sparse.ibd")
	testkit.Write(t, dir, map[string]string{"shop/sparse.ibd": ""})
	if err := os.Truncate(sparse, 1<<40); err != nil {
		t.Fatal(err)
	}
	if got, err := DataSize(dir); err != nil || got.Total.Allocated > 1<<20 || got.Total.Apparent < 1<<40 {
		t.Errorf("with a hole of 1 TiB: %+v, %v", got, err)
	}
	if got, err := DataSize(filepath.Join(dir, "nowhere")); err != nil || got.Total != (disk.Size{}) {
		t.Errorf("of a folder that is gone: %+v, %v", got, err)
	}
}
