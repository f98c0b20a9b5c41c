package persistence

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"dbcalm-db-cmd/persistence/dbfile"
	"dbcalm-db-cmd/steps/testkit"
	disktest "dbcalm-db-cmd/steps/testkit/disk"
)

func TestEveryConnectionIsSetUp(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2",
		"busy_timeout": fmt.Sprint(dbfile.BusyTimeout.Milliseconds())} {
		if got := read(t, d.write, "PRAGMA "+pragma); got != want {
			t.Errorf("writer's %s is %s, want %s", pragma, got, want)
		}
		if got := read(t, d.read, "PRAGMA "+pragma); got != want {
			t.Errorf("readers' %s is %s, want %s", pragma, got, want)
		}
	}
}

func TestPathMayHoldAnything(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "50% of #1 & a?b=c; 'Größe'", "made", "on the way")
	path := filepath.Join(dir, "db 1.sqlite3")
	openAt(t, path).record("b", "")
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

// The API server is another user of the same group. The umask is one for the
// whole process, so the test has a process of its own.
func TestGroupMayWriteWhateverTheUmask(t *testing.T) {
	t.Parallel()
	if !disktest.Enter(t) {
		return
	}
	syscall.Umask(0o077)
	dir := t.TempDir()
	group := os.Getegid()
	if err := os.Chown(dir, -1, 4242); err == nil {
		group = 4242
	}
	d := openAt(t, filepath.Join(dir, "db.sqlite3"))
	d.record("b", "")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(d.path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o660 {
			t.Errorf("%s has mode %o, want 660", d.path+suffix, mode)
		}
		if got := info.Sys().(*syscall.Stat_t).Gid; int(got) != group {
			t.Errorf("%s belongs to group %d, want %d", d.path+suffix, got, group)
		}
	}
}

func TestModeOfAnExistingFileIsKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db.sqlite3")
	if err := os.WriteFile(path, nil, 0o640); err != nil {
		t.Fatal(err)
	}
	openAt(t, path)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode is %v, %v", info.Mode(), err)
	}
}

// A client that sees success may act on it in the next instant.
func TestReadersNeverSeeSuccessBeforeTheBackup(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	d := openNew(t)
	db := outsider(t, d.path)
	ctx, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for ctx.Err() == nil {
				var early int
				err := db.QueryRowContext(ctx, `SELECT count(*) FROM process p WHERE status <> 'running'
					AND NOT EXISTS (SELECT 1 FROM process q WHERE q.command_id = p.command_id AND q.id > p.id)
					AND NOT EXISTS (SELECT 1 FROM backup WHERE 'b-' || p.command_id = id)`).Scan(&early)
				if ctx.Err() == nil && (err != nil || early > 0) {
					t.Errorf("%d operations were over before their backup was recorded; %v", early, err)
				}
				if _, err := d.OpenOperations(ctx); err != nil && !errors.Is(err, context.Canceled) {
					t.Errorf("read beside a writer: %v", err)
				}
			}
		})
	}
	var writers sync.WaitGroup
	for w := range 3 {
		writers.Go(func() {
			for i := range 8 {
				if err := oneBackup(t.Context(), d.Store, fmt.Sprintf("%d-%d", w, i)); err != nil {
					t.Errorf("write beside others: %v", err)
				}
			}
		})
	}
	writers.Wait()
	stop()
	readers.Wait()
	if n := read(t, db, `SELECT count(*) FROM backup`); n != "24" {
		t.Errorf("%s backups are recorded, want 24", n)
	}
}

// oneBackup takes an operation through its life.
func oneBackup(ctx context.Context, s *Store, id string) error {
	o := operation(id)
	if err := offer(ctx, s, o, nil, Claim{BackupID: o.BackupID, Use: Makes}); err != nil {
		return err
	}
	o, err := s.Apply(ctx, step(o, "start", "copy"))
	if err != nil {
		return err
	}
	job, err := s.BeginJob(ctx, o, Job{OperationID: id, State: o.State}, program(o, 2))
	if err != nil {
		return err
	}
	_, err = s.Apply(ctx, step(o, "ok", "done", func(c *Change) {
		c.Status, c.JobID = Succeeded, job.ID
		c.Backup = &Backup{ID: o.BackupID, StartTime: noon}
	}))
	return err
}
