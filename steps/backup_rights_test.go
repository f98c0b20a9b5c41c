package steps

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/stream"
	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
	"dbcalm-db-cmd/steps/tool"
)

// serverUser is a user without a name, to whom a test gives a data directory.
const serverUser = 64646

// ownedBench is a bench whose data directory is an unprivileged user's.
func ownedBench(t *testing.T) *kitBench {
	t.Helper()
	if !job.CanLend() {
		t.Fatal("these tests run programs as another user: run them as root")
	}
	b := newKitBench(t, kits(t)[0])
	mariadbtest.FillTables(t, b.db.DB(), 3, 50)
	give(t, b.db.DataDir)
	// The server's own user reaches its socket.
	b.Must(os.Chmod(b.db.Dir, 0o711))
	return b
}

// give gives a folder and all in it to the server's user.
func give(t *testing.T, folder string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err == nil {
			err = os.Lchown(path, serverUser, serverUser)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// ours demands that everything in a folder belongs to us.
func ours(t *testing.T, folder string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if st := info.Sys().(*syscall.Stat_t); err == nil && (int(st.Uid) != os.Geteuid() || int(st.Gid) != os.Getegid()) {
			t.Errorf("%s belongs to %d:%d", path, st.Uid, st.Gid)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// seenByGroup demands that a member of the store's group, as DBCalm's API is, sees
// that a backup is there, and nothing of what is in it.
func seenByGroup(t *testing.T, store, id string) {
	t.Helper()
	const group = 64650
	above := filepath.Dir(store)
	if err := errors.Join(os.Chown(store, -1, group), os.Chmod(store, 0o750), os.Chmod(above, 0o711), os.Chmod(filepath.Dir(above), 0o711)); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.Chown(store, -1, os.Getegid()) }()
	const look = `cd "$1" && test -d "$2" && ls | grep -qx "$2" && ! ls "$2" && ! cat "$2"/xtrabackup_checkpoints && ! touch "$2"/x && ! touch x`
	cmd := exec.Command("/bin/sh", "-c", look, "sh", store, id)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: serverUser + 1, Gid: group}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("as a member of the store's group: %v\n%s", err, out)
	}
}

// The tool runs as the owner of the data directory, who can enter neither the
// store nor the folder of the credentials file.
func TestToolHasTheRightsOfTheDataDirectorysOwner(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]struct{ stream bool }{"folder": {}, "stream": {true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := ownedBench(t)
			b.Stream = form.stream
			if form.stream {
				b.Compression = string(stream.Zstd)
			}
			b.Must(os.Chmod(b.Store.BackupDir, 0o700))
			b.Must(os.Chmod(b.Server.CredentialsFile, 0o600))
			b.Must(b.take("full", ""))
			mariadbtest.FillTables(t, b.db.DB(), 3, 50)
			give(t, b.db.DataDir)
			b.Must(b.take("inc", "full"))
			want := mariadbtest.Fingerprint(t, b.db.DB())
			ours(t, b.Store.BackupDir)
			seenByGroup(t, b.Store.BackupDir, "full")
			m, err := store.ReadManifest(b.Store.Folder("inc"))
			b.Must(err)
			if base, err := tool.ReadCheckpoints(b.Store.Folder("full")); err != nil || m.FromLSN != base.ToLSN {
				t.Errorf("the incremental begins at %d, the full one is %+v, %v", m.FromLSN, base, err)
			}
			restored, err := b.restore("folder", "full", "inc")
			b.Must(err)
			b.db.Stop()
			b.db.StartOn(restored)
			if got := mariadbtest.Fingerprint(t, b.db.DB()); !maps.Equal(got, want) {
				t.Errorf("restored %v, want %v", got, want)
			}
		})
	}
}

// The owner of the data directory puts a link to a file in it that only root can
// read. It used to be stored with what it holds.
func TestLinkToAForeignFileIsNotBackedUp(t *testing.T) {
	t.Parallel()
	b := ownedBench(t)
	secret := filepath.Join(b.Dir, "shadow")
	b.Must(os.WriteFile(secret, []byte("root:s3cret"), 0o600))
	entries, err := os.ReadDir(b.db.DataDir)
	b.Must(err)
	i := slices.IndexFunc(entries, func(e os.DirEntry) bool {
		return e.IsDir() && e.Name() != "mysql" && e.Name() != "performance_schema" && e.Name() != "sys"
	})
	link := filepath.Join(b.db.DataDir, entries[i].Name(), "loot.CSV")
	b.Must(os.Symlink(secret, link))
	testkit.Says(t, b.take("full", ""), "validate_backup: ", "user 64646 may not read "+link)
	plan := b.PlanBackup(t.Context(), Args{ID: "full"})
	if got := plan.wrong(); !slices.Contains(got, "data directory") {
		t.Errorf("the plan finds wrong: %v", got)
	}
	// One that is put there while the tool copies leads it nowhere.
	b.Must(os.Remove(link))
	task, err := b.perform(Task{Operation: "op", Attempt: 1, Events: []string{EventStream}, Args: Args{ID: "full"}}, "validate_backup", "reserve_work")
	b.Must(err)
	b.Must(os.Symlink(secret, link))
	_, err = b.perform(task, "copy_backup")
	testkit.Says(t, err, "mariabackup failed", "loot.CSV: Got error 13")
	for path, text := range testkit.Tree(t, b.Store.BackupDir) {
		if filepath.Base(path) == "loot.CSV" {
			t.Errorf("the store holds %s: %q", path, text)
		}
	}
}
