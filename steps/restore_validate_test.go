package steps

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
	disktest "dbcalm-db-cmd/steps/testkit/disk"
)

func TestRestoreOfAStreamNeedsAnUnpacker(t *testing.T) {
	testkit.Slow(t)
	h := packedLinks(t, "stream", "directory")
	t.Setenv("PATH", "/nowhere")
	h.Tool.Bin = h.Script("tool", fakeBanner)
	_, err := h.restores().validateRestore(t.Context(), h.restoreTask("full", "inc"))
	testkit.Says(t, err, "no mbstream beside "+h.Tool.Bin+" or on PATH")
	plain := twoLinks(t)
	plain.Tool.Bin = plain.Script("tool", fakeBanner)
	if _, err := plain.restores().validateRestore(t.Context(), plain.restoreTask("full", "inc")); err != nil {
		t.Errorf("without streams: %v", err)
	}
}

const fakeBanner = "echo mariabackup based on MariaDB server 10.11.19-MariaDB\n"

func TestRestoreIsValidated(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	if !disktest.Enter(t) {
		return
	}
	for name, test := range map[string]struct {
		target string
		spoil  func(h *testHost)
		want   string
	}{
		"to a folder":      {"folder", func(*testHost) {}, ""},
		"to the database":  {"database", func(*testHost) {}, ""},
		"of older backups": {"folder", func(h *testHost) { h.Must(os.Remove(filepath.Join(h.Store.Folder("full"), store.ManifestName))) }, ""},
		"a damaged chain": {"folder", func(h *testHost) { h.Must(os.Truncate(filepath.Join(h.Store.Folder("full"), "ibdata1"), 1)) },
			"backup 'full' is damaged"},
		"no tool": {"folder", func(h *testHost) { h.Must(os.Remove(h.Tool.Bin)) }, "is not there"},
		"a tool of another series": {"folder", func(h *testHost) {
			h.Tool.Bin = h.Script("other", "echo mariabackup based on MariaDB server 11.4.2-MariaDB\n")
		}, "backup 'full' cannot be prepared: mariabackup 11.4.2-MariaDB does not fit MariaDB 10.11.6-MariaDB"},
		"a tool of another series than an older backup's": {"folder", func(h *testHost) {
			h.Must(os.Remove(filepath.Join(h.Store.Folder("full"), store.ManifestName)))
			testkit.Write(h.T, h.Store.Folder("full"), map[string]string{"xtrabackup_info": "server_version = 10.5.29-MariaDB-log\n"})
		}, "backup 'full' cannot be prepared: mariabackup 10.11.19-MariaDB does not fit MariaDB 10.5.29-MariaDB-log"},
		"a data directory in use": {"database", func(h *testHost) { testkit.Write(h.T, h.Server.DataDir, map[string]string{"x": ""}) },
			"data directory is not empty"},
		"files beside it": {"folder", func(h *testHost) { testkit.Write(h.T, h.Server.DataDir, map[string]string{"x": ""}) }, ""},
		"a split layout": {"database", func(h *testHost) {
			h.Server.DefaultsFile = filepath.Join(h.Dir, "my.cnf")
			testkit.Write(h.T, h.Dir, map[string]string{"my.cnf": "[mysqld]\ninnodb_log_group_home_dir=/redo\n"})
		}, "restore to a folder and copy from there"},
		"no room in the data directory": {"database", func(h *testHost) { h.Server.DataDir = disktest.Small(h.T, 1<<20) },
			"not enough room for the restore on the file system of "},
	} {
		t.Run(name, func(t *testing.T) {
			h := twoLinks(t)
			h.Tool.Bin = h.Script("tool", fakeBanner)
			test.spoil(h)
			task := Task{Operation: "op",
				Args: Args{IDList: []string{"full", "inc"}, Target: test.target, TmpDir: filepath.Join(h.Store.BackupDir, "restores", "x")}}
			before := testkit.Tree(t, h.Dir)
			out, err := h.restores().validateRestore(t.Context(), task)
			if test.want != "" {
				testkit.Says(t, err, test.want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if out.Data.Tool == nil || out.Data.Placement == nil || !strings.Contains(out.Reason, "chain of 2") {
				t.Errorf("got %+v", out)
			}
			if after := testkit.Tree(t, h.Dir); len(after) != len(before) {
				t.Errorf("something was written: %v", after)
			}
		})
	}
}

// A folder that the limits of a unit, or a mount, keep from being written to is
// refused with what to do, before anything is tried.
func TestFoldersMustBeWritable(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	if !disktest.Enter(t) {
		return
	}
	h := newHost(t)
	if err := disk.CheckWritable("backup_dir", h.Store.BackupDir); err != nil {
		t.Error(err)
	}
	h.Store.BackupDir = disktest.Small(t, 1<<20)
	disktest.SetReadOnly(t, h.Store.BackupDir)
	const advice = "read-only file system: mount it to be written to; under systemd, " +
		"also name it in ReadWritePaths= by systemctl edit dbcalm-db-cmd"
	testkit.Says(t, disk.CheckWritable("backup_dir", h.Store.BackupDir), "backup_dir ("+h.Store.BackupDir+") cannot be written to: "+advice)
	below := filepath.Join(h.Store.BackupDir, "store")
	testkit.Says(t, disk.WriteAdvice(disk.MakeFolder(below, 0o750)), below, advice)

	task := h.restoreTask("full")
	task.Args.Target = "folder"
	if placement, err := h.restores().planPlacement(task); err != nil {
		t.Error(err)
	} else {
		testkit.Says(t, h.CheckPlace(placement), "backup_dir ("+h.Store.BackupDir+") cannot be written to", advice)
	}
	data := disktest.Small(t, 1<<20)
	disktest.SetReadOnly(t, data)
	h.Server.DataDir, task.Args.Target = data, "database"
	if placement, err := h.restores().planPlacement(task); err != nil {
		t.Error(err)
	} else {
		testkit.Says(t, h.CheckPlace(placement), "data_dir ("+data+") cannot be written to", advice)
	}
}
