package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/machine/api"
	disktest "dbcalm-db-cmd/steps/testkit/disk"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// TestDisks runs what needs disks of its own.
func TestDisks(t *testing.T) {
	t.Parallel()
	if !disktest.Enter(t) {
		return
	}
	t.Run("fill_up", fillUp)
	t.Run("no_room", noRoom)
	t.Run("stage_fills_up", stageFillsUp)
	t.Run("stream_disk_full", streamDiskFull)
	t.Run("data_dir_is_mount_point", dataDirIsMountPoint)
}

// fillUp lets the backup disk fill up while the tool copies, and when it has
// just copied everything: validation had found room enough.
func fillUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{backupDir: disktest.Small(t, 250<<20)})
	ballast := filepath.Join(w.backupDir, "ballast")
	mode := filepath.Join(w.dir, "mode")
	w.useTool(`[ $doing = backup ] || exec $real "$@"
fill() { cat /dev/zero >` + ballast + ` 2>/dev/null; }
. ` + mode)
	w.start()
	for id, script := range map[string]string{
		"while-copying": `fill; truncate -s -6M ` + ballast + `; exec $real "$@"`,
		"when-copied":   `$real "$@" || exit $?; fill; exit 0`,
	} {
		if err := os.WriteFile(mode, []byte(script), 0o600); err != nil {
			t.Fatal(err)
		}
		v := w.failed(w.full(id), "o space left on device")
		if id == "while-copying" && !strings.Contains(v.Error, "the disk is full: free space or make it larger, then try again") {
			t.Errorf("no advice: %s", v.Error)
		}
		w.toldEverywhere(v)
		if left := entries(t, w.backupDir); !slices.Equal(left, []string{"ballast"}) {
			t.Errorf("%s: left in the store: %v", id, left)
		}
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(mode, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w.succeeded(w.full("while-copying"))
}

// stageFillsUp lets the disk of the stage fill up while a stream is unpacked.
func stageFillsUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{backupDir: disktest.Small(t, 250<<20)})
	ballast := filepath.Join(w.backupDir, "ballast")
	w.useTool("")
	w.useUnpacker(`cat /dev/zero >` + ballast + ` 2>/dev/null`)
	w.configureForm("zstd stream")
	w.start()
	w.succeeded(w.full("full"))
	before := tree(t, filepath.Join(w.backupDir, "full"))
	w.toldEverywhere(w.failed(w.restore(api.TargetFolder, "full"), "unpack backup 'full': mbstream failed with exit code 1",
		"the disk is full: free space or make it larger, then try again"))
	if left := entries(t, w.backupDir); !slices.Equal(left, []string{"ballast", "full"}) {
		t.Errorf("left in the store: %v", left)
	}
	unchanged(t, filepath.Join(w.backupDir, "full"), before)
	w.proved("full", "")
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	w.useUnpacker("")
	w.succeeded(w.restore(api.TargetFolder, "full"))
}

// noRoom refuses before a byte is written what cannot fit.
func noRoom(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{backupDir: disktest.Small(t, 200<<20)})
	w.start()
	v := w.succeeded(w.full("full"))
	before := tree(t, w.backupDir)
	free := disktest.Fill(t, w.backupDir)
	for what, operation := range map[string]string{"a full backup": w.full("a"), "an incremental backup": w.incremental("b", "full"),
		"the restore": w.restore(api.TargetFolder, "full")} {
		v = w.failed(operation, "not enough room for "+what+" on the file system of "+w.backupDir, "free space or use a larger disk")
		if steps := len(v.Transitions); steps != 4 {
			t.Errorf("%s got further than validate:\n%s", what, w.story(v))
		}
	}
	free()
	unchanged(t, w.backupDir, before)
}

// dataDirIsMountPoint restores into a data directory that cannot be swapped as
// a whole: on its own disk, and mounted from the disk it is on.
func dataDirIsMountPoint(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	mariadbtest.FillTables(t, w.db.DB(), 3, 100)
	w.start()
	w.succeeded(w.full("full"))
	mariadbtest.FillTables(t, w.db.DB(), 4, 20)
	want := mariadbtest.Fingerprint(t, w.db.DB())
	w.succeeded(w.incremental("inc", "full"))
	w.db.Stop()
	w.loseData()
	disktest.Bind(t, w.db.DataDir)
	disk := disktest.Small(t, 300<<20)
	for _, dir := range []string{w.db.DataDir, disk} {
		w.stop()
		w.configure("data_dir", dir)
		w.start()
		v := w.succeeded(w.restore(api.TargetDatabase, "full", "inc"))
		if story := w.story(v); !strings.Contains(story, dir+" entry by entry") {
			t.Errorf("not put into place entry by entry:\n%s", story)
		}
		for _, name := range entries(t, dir) {
			if strings.HasPrefix(name, ".dbcalm") || strings.HasPrefix(name, "xtrabackup_") {
				t.Errorf("%s is left in the data directory", name)
			}
		}
		w.db.StartOn(dir)
		w.holds(want)
		w.db.Stop()
	}
	w.loseData()
	damage(t, filepath.Join(w.backupDir, "inc"))
	w.failed(w.restore(api.TargetDatabase, "full", "inc"), "backup 'inc' is damaged", "use another chain")
	if left := entries(t, disk); len(left) > 0 {
		t.Errorf("left in the data directory: %v", left)
	}
}
