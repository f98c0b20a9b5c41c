package steps

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"dbcalm-db-cmd/steps/place"
	"dbcalm-db-cmd/steps/testkit"
)

// preparedFiles are the entries of a prepared folder, as the tool leaves it.
var preparedFiles = map[string]string{
	"ib_logfile0": "redo", "ibdata1": "system", "aria_log.00000001": "a", "mysql/user.frm": "u",
	"shop/orders.ibd": "rows", "shop/notes.frm": "n",
}

// arrangeTask is a restore whose stage has been prepared.
func (h *testHost) arrangeTask(target, mode string) Task {
	h.T.Helper()
	t := Task{Operation: "op", Attempt: 1,
		Args: Args{IDList: []string{"full"}, Target: target, TmpDir: filepath.Join(h.Store.BackupDir, "restores", "x")}}
	var err error
	if t.Data.Placement, err = h.restores().planPlacement(t); err != nil {
		h.T.Fatal(err)
	}
	if mode == place.Entries {
		t.Data.Placement.UseEntries(t.Operation)
	}
	if t.Data.Placement.Mode != mode {
		h.T.Fatalf("the test's folders are placed by %s, not by %s", t.Data.Placement.Mode, mode)
	}
	folder := t.Data.Placement.Prepared()
	testkit.Write(h.T, folder, preparedFiles)
	testkit.Write(h.T, folder, testkit.Metadata("log-applied", "0", "100"))
	return t
}

// newStore is a host with one full backup of what arrangeTask has prepared.
func newStore(t *testing.T) *testHost {
	t.Helper()
	h := newHost(t)
	h.Backup("full", "", "0", "100", map[string]string{"shop/orders.ibd": "rows", "shop/notes.frm": "n"})
	return h
}

func TestArrangeForADataDirectory(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	for _, mode := range []string{place.Swap, place.Entries} {
		h := newStore(t)
		h.Must(os.Chmod(h.Server.DataDir, 0o711))
		uid, gid := os.Getuid(), os.Getgid()
		if uid == 0 {
			uid, gid = 4242, 4343
		}
		h.Must(os.Chown(h.Server.DataDir, uid, gid))
		task := h.arrangeTask("database", mode)
		out, err := h.restores().arrange(t.Context(), task)
		if err != nil {
			t.Fatal(err)
		}
		p := out.Data.Placement
		files := testkit.Tree(t, p.Prepared())
		for name := range files {
			info, err := os.Lstat(filepath.Join(p.Prepared(), name))
			if err != nil {
				t.Fatal(err)
			}
			if owner := info.Sys().(*syscall.Stat_t); int(owner.Uid) != uid || int(owner.Gid) != gid {
				t.Errorf("%s belongs to %d:%d, want %d:%d", name, owner.Uid, owner.Gid, uid, gid)
			}
			if strings.HasPrefix(name, "xtrabackup_") || name == "backup-my.cnf" {
				t.Errorf("the tool's %s stays", name)
			}
		}
		if len(files) != len(preparedFiles)+2 {
			t.Errorf("prepared are %v", files)
		}
		info, err := os.Stat(p.Prepared())
		if err != nil || info.Mode().Perm() != 0o711 {
			t.Errorf("the folder's mode is %v, %v", info.Mode(), err)
		}
		if mode == place.Swap && (p.Folder == nil || !p.Folder.Is(p.Prepared()) || p.Replaced == nil ||
			!p.Replaced.Is(h.Server.DataDir) || p.Entries != nil) {
			t.Errorf("what moves: %+v", p)
		}
		if mode == place.Entries && (p.Folder != nil || len(p.Entries) != 5) {
			t.Errorf("what moves: %+v", p)
		}
		// Done again after an interruption it is content.
		task.Data = out.Data
		if _, err := h.restores().arrange(t.Context(), task); err != nil {
			t.Errorf("arranged again: %v", err)
		}
	}
}

func TestArrangeForAFolderKeepsWhatTheToolSays(t *testing.T) {
	t.Parallel()
	h := newStore(t)
	out, err := h.restores().arrange(t.Context(), h.arrangeTask("folder", place.Folder))
	if err != nil {
		t.Fatal(err)
	}
	p := out.Data.Placement
	if files := testkit.Tree(t, p.Prepared()); files["xtrabackup_info"] == "" || p.Folder == nil || p.Replaced != nil || p.Entries != nil {
		t.Errorf("prepared are %v, what moves is %+v", files, p)
	}
}

func TestArrangeMissesATable(t *testing.T) {
	t.Parallel()
	h := newStore(t)
	task := h.arrangeTask("database", place.Swap)
	h.Must(os.Remove(filepath.Join(task.Data.Placement.Prepared(), "shop", "orders.ibd")))
	_, err := h.restores().arrange(t.Context(), task)
	testkit.Says(t, err, "the restored data lacks shop/orders.ibd of backup 'full': it was not put into place; use another chain")
}

func TestEntriesGoInAnOrderThatNoServerStartsOn(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ names, want string }{
		{"aria_log.00000001 ib_logfile0 ibdata1 mysql shop undo001", "ib_logfile0 aria_log.00000001 mysql shop undo001 ibdata1"},
		{"#innodb_redo ibdata1 mysql mysql.ibd undo_001 zebra", "#innodb_redo mysql undo_001 zebra mysql.ibd ibdata1"},
	} {
		p := &place.Placement{Mode: place.Entries, Stage: t.TempDir()}
		for _, name := range strings.Fields(test.names) {
			testkit.Write(t, p.Prepared(), map[string]string{name: ""})
		}
		if err := p.Identify(); err != nil {
			t.Fatal(err)
		}
		var order []string
		for _, e := range p.Entries {
			order = append(order, e.Name)
			if !e.Is(filepath.Join(p.Prepared(), e.Name)) {
				t.Errorf("%s is another file", e.Name)
			}
		}
		if !slices.Equal(order, strings.Fields(test.want)) {
			t.Errorf("order is %q, want %s", order, test.want)
		}
	}
}
