package store_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/stream"
	"dbcalm-db-cmd/steps/testkit"
	storetest "dbcalm-db-cmd/steps/testkit/store"
	"dbcalm-db-cmd/steps/tool"
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
		testkit.Write(t, folder, c.marks)
		err := tool.ProveRenames(folder)
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
	testkit.Write(t, folder, map[string]string{
		"ibdata1": "", "d/db.opt": "", "d/kept.ibd.delta": "", "d/kept.ibd.meta": "",
		"d/dropped.ibd": "", "d/dropped.del": "", "d/replaced.ibd": "", "d/replaced.del": "", "d/replaced.new": "",
		"d/a.ibd": "", "d/a.ren": "d/old", "d/b.ibd": "", "d/b.ren": "d/a", "d/new.new.delta": "", "d/new.new.meta": "",
	})
	got, err := store.Link{Folder: folder}.Promised()
	want := []string{"d/a.ibd", "d/db.opt", "d/kept.ibd", "d/new.ibd", "d/old.ibd", "d/replaced.ibd"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("promised %v, %v; want %v", got, err, want)
	}
}

func TestPromisedName(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"shop/orders.ibd": "shop/orders.ibd", "shop/orders.ibd.delta": "shop/orders.ibd", "shop/orders.frm": "shop/orders.frm",
		"shop/notes.MYD": "shop/notes.MYD", "shop/notes.MYI": "shop/notes.MYI", "shop/log.MAD": "shop/log.MAD", "shop/log.MAI": "shop/log.MAI",
		"shop/list.CSV": "shop/list.CSV", "shop/db.opt": "shop/db.opt", "shop/orders.par": "shop/orders.par",
		"shop/orders_1.sdi": "shop/orders_1.sdi", "shop/orders.ibd.meta": "",
		"shop/orders.new": "", "shop/orders.del": "", "shop/orders.ren": "", "shop/orders.TRG": "",
		"ibdata1": "", "ibdata1.delta": "", "ib_logfile0": "", "undo001.ibd": "", "xtrabackup_info": "", "aria_log_control": "",
	} {
		name, promised := store.PromisedName(path)
		if name != want || promised != (want != "") {
			t.Errorf("%s promises %q, %t, want %q", path, name, promised, want)
		}
	}
}

// Of every form, a backup promises the same.
func TestPromisesOfEveryForm(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	for form, pack := range storetest.Forms {
		h := newStore(t)
		h.Backup("full", "", "0", "100", map[string]string{
			"ibdata1": "", "d/db.opt": "x", "d/kept.ibd": "x", "d/a.ibd": "x", "d/a.ren": "d/old\n", "d/gone.ibd": "x", "d/gone.del": "",
			"d/elsewhere.isl": "/old/elsewhere.ibd", "d/elsewhere.ibd": "x",
		})
		pack(h.Kit, "full")
		links, err := h.Chain(t.Context(), []string{"full"})
		h.Must(err)
		got, err := links[0].Promised()
		want := []string{"d/db.opt", "d/elsewhere.ibd", "d/kept.ibd", "d/old.ibd"}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: promised %v, %v; want %v", form, got, err, want)
		}
	}
}

func TestMarkWithoutItsContent(t *testing.T) {
	t.Parallel()
	h := newStore(t)
	h.Backup("full", "", "0", "100", map[string]string{"d/a.ibd": "x", "d/a.ren": "d/old\n"})
	h.Streamed("full", stream.None, false)
	links, err := h.Chain(t.Context(), []string{"full"})
	h.Must(err)
	path := filepath.Join(h.Folder("full"), store.ContentsName("full"))
	var contents stream.Contents
	h.Must(disk.ReadJSON(path, 16<<20, &contents))
	contents.Small = nil
	h.Must(disk.WriteJSON(path, contents))
	_, err = links[0].Promised()
	testkit.Says(t, err, "backup 'full' is damaged: the list of what its stream holds lacks the new name in d/a.ren; use another chain")
}
