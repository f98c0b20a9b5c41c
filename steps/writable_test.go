package steps

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/testkit"
	disktest "dbcalm-db-cmd/steps/testkit/disk"
)

// A folder that the limits of a unit, or a mount, keep from being written to is
// refused with what to do, before anything is tried.
func TestFoldersMustBeWritable(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	if !disktest.Enter(t) {
		return
	}
	h := newHost(t)
	if err := checkWritable("backup_dir", h.BackupDir); err != nil {
		t.Error(err)
	}
	h.BackupDir = disktest.Small(t, 1<<20)
	disktest.SetReadOnly(t, h.BackupDir)
	const advice = "read-only file system: mount it to be written to; under systemd, also name it in ReadWritePaths= by systemctl edit dbcalm-db-cmd"
	testkit.Says(t, checkWritable("backup_dir", h.BackupDir), "backup_dir ("+h.BackupDir+") cannot be written to: "+advice)
	below := filepath.Join(h.BackupDir, "store")
	testkit.Says(t, writeAdvice(makeFolder(below, 0o750)), below, advice)

	task := h.restoreTask("full")
	task.Args.Target = "folder"
	if placement, err := h.planPlacement(task); err != nil {
		t.Error(err)
	} else {
		testkit.Says(t, h.checkPlace(placement), "backup_dir ("+h.BackupDir+") cannot be written to", advice)
	}
	data := disktest.Small(t, 1<<20)
	disktest.SetReadOnly(t, data)
	h.DataDir, task.Args.Target = data, "database"
	if placement, err := h.planPlacement(task); err != nil {
		t.Error(err)
	} else {
		testkit.Says(t, h.checkPlace(placement), "data_dir ("+data+") cannot be written to", advice)
	}
}

func TestWriteAdvice(t *testing.T) {
	t.Parallel()
	denied := &os.PathError{Op: "mkdir", Path: "/store", Err: unix.EACCES}
	testkit.Says(t, writeAdvice(denied), "mkdir /store: permission denied: give it to the user that the daemon runs as, or run the daemon as root")
	if full := unix.ENOSPC; writeAdvice(full) != full {
		t.Error("advice on what has nothing to do with rights")
	}
}
