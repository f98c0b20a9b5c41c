package steps

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestExchangedNames refuses an incremental backup that the tool could not
// apply, and no other.
func TestExchangedNames(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		marks   map[string]string
		refused bool
	}{
		"none":            {map[string]string{"d/a.ibd.delta": ""}, false},
		"one after other": {map[string]string{"d/a.ren": "d/old", "d/b.ren": "d/a", "d/c.ren": "d/b"}, false},
		"two":             {map[string]string{"d/a.ren": "d/b", "d/b.ren": "d/a"}, true},
		"three":           {map[string]string{"d/a.ren": "e/b", "e/b.ren": "d/c", "d/c.ren": "d/a", "d/x.ren": "d/y"}, true},
	} {
		folder := filepath.Join(t.TempDir(), "backup")
		write(t, folder, c.marks)
		err := proveRenames(folder)
		if refused := err != nil && strings.Contains(err.Error(), "exchanged their names"); refused != c.refused {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestPromisedFollowsMarks promises tables under the names that they have when
// the marks beside them have been obeyed.
func TestPromisedFollowsMarks(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, map[string]string{
		"ibdata1": "", "d/db.opt": "", "d/kept.ibd.delta": "", "d/kept.ibd.meta": "",
		"d/dropped.ibd": "", "d/dropped.del": "", "d/replaced.ibd": "", "d/replaced.del": "", "d/replaced.new": "",
		"d/a.ibd": "", "d/a.ren": "d/old", "d/b.ibd": "", "d/b.ren": "d/a", "d/new.new.delta": "", "d/new.new.meta": "",
	})
	got, err := Link{Folder: folder}.promised()
	want := []string{"d/a.ibd", "d/db.opt", "d/kept.ibd", "d/new.ibd", "d/old.ibd", "d/replaced.ibd"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("promised %v, %v; want %v", got, err, want)
	}
}
