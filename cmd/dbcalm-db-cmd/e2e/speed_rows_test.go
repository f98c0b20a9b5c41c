//go:build speed

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// chainLength is how many backups the chains have that are restored.
const chainLength = 6

// The ways of the bare tools, in the words of speed.shell.
const (
	bareBackup = "TOOL --backup --target-dir=copy --datadir=DATA --parallel=PARALLEL; "
	bareRepeat = "for f in $(find copy -type f); do zstd -q -T0 --rm $f; done; "
	bareStream = "TOOL --backup --stream=xbstream --extra-lsndir=lsn --datadir=DATA --parallel=PARALLEL | zstd -q -T0 > stream; "
	bareUnpack = "mkdir full; zstd -q -d < STORE/streamed/backup-streamed.xbstream.zst | mbstream -x -C full -p PARALLEL; "
	barePlace  = "TOOL --copy-back --target-dir=full --datadir=DATA; "
	bareMemory = " --use-memory=128M --target-dir=full"
	bareSync   = "sync -f ."
)

// data measures all that depends on what the database holds.
func (s *speed) data(value string) {
	s.t.Helper()
	fillForSpeed(s.db, value, s.table.mebibytes)
	s.start()
	s.compare(rowDirectory, s.timedBackup, func() { s.shell(bareBackup + bareSync) })
	s.use("zstd directory")
	s.compare(rowZstd, s.timedBackup, func() { s.shell(bareBackup + bareRepeat + bareSync) })
	s.noteMemory("a zstd directory")
	s.use("zstd stream")
	s.compare(rowStream, s.timedBackup, func() { s.shell("mkdir lsn; " + bareStream + bareSync) })
	s.noteMemory("a zstd stream")
	s.operation(func() string { return s.full("streamed") })
	s.use("directory")
	s.noteMemory("a directory")
	ids := s.storedChain(value)
	s.verified(ids[0])
	s.db.Stop()
	s.restores(rowRestore, rowChain, ids)
	s.compare(rowUnpack, func() time.Duration { return s.restored("streamed") }, func() {
		s.emptied(func() { s.shell(bareUnpack + "TOOL --prepare" + bareMemory + "; " + barePlace + bareSync) })
	})
}

// verified measures how long it takes to check the sums of a backup.
func (s *speed) verified(id string) [2]time.Duration {
	s.t.Helper()
	return s.compare(rowVerify, func() time.Duration {
		s.warm("STORE")
		return s.operation(func() string { return s.verify(id, "checksum") })
	}, func() { s.shell("find STORE/" + id + " -type f -print0 | xargs -0 -n1 sha256sum") })
}

// clones measures what depends on a file system that clones.
func (s *speed) clones(value string) {
	s.t.Helper()
	fillForSpeed(s.db, value, s.table.mebibytes)
	s.start()
	ids := s.storedChain(value)
	s.db.Stop()
	s.restores(rowClone, rowCloned, ids)
}

// tables measures what depends on the number of files.
func (s *speed) tables(many int) {
	s.t.Helper()
	fillWithTables(s.db, many)
	s.set = fmt.Sprintf("%d tables", many)
	s.start()
	s.compare(rowTables, s.timedBackup, func() { s.shell(bareBackup + bareSync) })
	s.noteMemory(s.set)
	s.operation(func() string { return s.full("full") })
	s.db.Stop()
	s.restores(rowPlaced, "", []string{"full"})
}

// storedChain takes a chain whose incrementals hold a twentieth of the rows each.
func (s *speed) storedChain(value string) []string {
	s.t.Helper()
	ids := []string{"full"}
	s.operation(func() string { return s.full("full") })
	for n := 1; n < chainLength; n++ {
		changed := strings.NewReplacer("seq", "id", "1700000000", fmt.Sprint(1700000000+n)).Replace(value)
		for i := range speedTables {
			s.db.Exec(fmt.Sprintf("UPDATE bench.t%d SET v = %s WHERE id %% 20 = %d", i, changed, n))
		}
		ids = append(ids, fmt.Sprintf("inc-%d", n))
		s.operation(func() string { return s.incremental(ids[n], ids[n-1]) })
	}
	return ids
}

// restores measures the restore of a full backup, whose times it returns, and of its
// chain.
func (s *speed) restores(full, chain string, ids []string) (medians [2]time.Duration) {
	s.t.Helper()
	prepare := "cp -r STORE/" + ids[0] + " full; TOOL --prepare" + bareMemory + "; "
	medians = s.compare(full, func() time.Duration { return s.restored(ids[0]) },
		func() { s.emptied(func() { s.shell(prepare + barePlace + bareSync) }) })
	if chain == "" {
		return medians
	}
	for _, id := range ids[1:] {
		prepare += "cp -r STORE/" + id + " link; TOOL --prepare --incremental-dir=link" + bareMemory + "; rm -r link; "
	}
	s.compare(chain, func() time.Duration { return s.restored(ids...) },
		func() { s.emptied(func() { s.shell(prepare + barePlace + bareSync) }) })
	return medians
}

// emptied runs a restore into the empty data directory, which it then empties.
func (s *speed) emptied(restore func()) {
	s.t.Helper()
	restore()
	s.loseData()
}

// cloningDisk returns a disk with a file system that clones, gone with the test,
// or notes why there is none.
func cloningDisk(t *testing.T, table *speedTable) string {
	t.Helper()
	none := func(why string) string {
		table.note(rowClone, "not measured: "+why)
		table.note(rowCloned, "not measured: "+why)
		return ""
	}
	if os.Geteuid() != 0 {
		return none("only root can mount one")
	}
	mkfs, err := exec.LookPath("mkfs.xfs")
	if err != nil {
		return none("there is no mkfs.xfs")
	}
	dir := t.TempDir()
	image, mount := filepath.Join(dir, "image"), filepath.Join(dir, "m")
	for _, argv := range [][]string{
		{"truncate", fmt.Sprintf("--size=%dM", 2048+8*table.mebibytes), image}, {mkfs, "-q", "-m", "reflink=1", image}, {"mkdir", mount},
		{"mount", "-o", "loop", image, mount},
	} {
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", argv, err, out)
		}
	}
	t.Cleanup(func() {
		if err := unix.Unmount(mount, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return mount
}
