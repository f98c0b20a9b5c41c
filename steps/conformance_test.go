package steps

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
	"dbcalm-db-cmd/steps/tool"
)

// TestConformance holds every kit to what the steps rely on. It passes as it is
// with the real ones, too. In all but the chain stand-ins of two versions do
// the same, so an old and a new one will do there. make conformance tries all.
func TestConformance(t *testing.T) {
	t.Parallel()
	for i, k := range testkit.Some(t, kits(t)) {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			t.Run("chain", func(t *testing.T) { t.Parallel(); conformChain(t, k) })
			if k.real || i%2 == 0 {
				t.Run("stream", func(t *testing.T) { t.Parallel(); conformStream(t, k) })
			}
			if k.real || i%2 == 1 {
				t.Run("interrupted and failing", func(t *testing.T) { t.Parallel(); conformTrouble(t, k) })
			}
		})
	}
}

// conformChain takes a full backup and two incrementals under a writer, and
// restores the chain to a folder, into the data directory, and by the tool's
// own move.
func conformChain(t *testing.T, k kit) {
	b := newKitBench(t, k)
	mariadbtest.FillTables(t, b.db.DB(), 6, 50)
	writer := mariadbtest.StartWriter(t, b.db.DB())
	await := func() {
		ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
		defer cancel()
		b.Must(writer.Await(ctx, 20))
	}
	b.Must(b.take("full", ""))
	await()
	b.db.Exec("CREATE TABLE fill.later (id INT PRIMARY KEY, text VARCHAR(20)) ENGINE=InnoDB",
		"INSERT INTO fill.later VALUES (1, 'one'), (2, 'two')", "DROP TABLE fill.t003")
	b.Must(b.take("one", "full"))
	await()
	b.db.Exec("DELETE FROM fill.later WHERE id = 1")
	b.Must(writer.Stop())
	b.Must(b.take("two", "one"))
	want := mariadbtest.Fingerprint(t, b.db.DB())

	folder, err := b.restore("folder", "full", "one", "two")
	b.Must(err)
	if state, err := tool.ReadCheckpoints(folder); err != nil || state.Type != k.prepared {
		t.Errorf("the restored chain is in state %q, %v, want %q", state.Type, err, k.prepared)
	}
	if _, err := b.restore("database", "full", "one", "two"); !errors.Is(err, server.ErrServerRunning) {
		t.Errorf("restored under a running server: %v", err)
	}
	// What the tools themselves do not all notice.
	_, err = b.restore("folder", "full", "two")
	testkit.Says(t, err, "backup 'two' stands on 'one', not on 'full'")

	b.db.Stop()
	b.Must(os.RemoveAll(b.Server.DataDir))
	b.Must(os.Mkdir(b.Server.DataDir, 0o700))
	_, err = b.restore("database", "full", "one", "two")
	b.Must(err)
	moved := filepath.Join(b.Dir, "moved")
	b.Must(os.Mkdir(moved, 0o700))
	out, err := exec.Command(b.Tool.Bin, "--no-defaults", "--move-back", "--datadir="+moved, "--target-dir="+folder).CombinedOutput()
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), tool.Completed) {
		t.Errorf("move back: %v: %s", err, tool.LastLines(string(out), tool.TailLines))
	}
	for _, dir := range []string{b.Server.DataDir, moved} {
		b.db.StartOn(dir)
		if err := mariadbtest.CheckTables(b.db.DB()); err != nil {
			t.Error(err)
		}
		if err := mariadbtest.VerifyInvariant(b.db.DB()); err != nil {
			t.Error(err)
		}
		if got := mariadbtest.Fingerprint(t, b.db.DB()); !maps.Equal(got, want) {
			t.Errorf("%s holds %v, want %v", dir, got, want)
		}
		b.db.Stop()
	}
	// The stored ones were only read.
	for _, id := range []string{"full", "one", "two"} {
		m, err := store.ReadManifest(b.Store.Folder(id))
		b.Must(err)
		for _, f := range m.Files {
			if hash, err := disk.HashFile(t.Context(), b.Store.Folder(id), f.Path); err != nil || hash != f.SHA256 {
				t.Errorf("%s of the stored '%s' was altered: %v", f.Path, id, err)
			}
		}
	}
}

// conformStream takes a chain as streams, one of them compressed, and restores
// it.
func conformStream(t *testing.T, k kit) {
	b := newKitBench(t, k)
	b.Stream, b.StallTimeout = true, job.DefaultStallTimeout
	mariadbtest.FillTables(t, b.db.DB(), 4, 50)
	b.Must(b.take("full", ""))
	mariadbtest.FillTables(t, b.db.DB(), 5, 20)
	b.Compression = "zstd"
	b.Must(b.take("one", "full"))
	want := mariadbtest.Fingerprint(t, b.db.DB())
	for id, name := range map[string]string{"full": "backup-full.xbstream", "one": "backup-one.xbstream.zst"} {
		if there, err := disk.Exists(filepath.Join(b.Store.Folder(id), name)); err != nil || !there {
			t.Errorf("the stored '%s' lacks %s: %v", id, name, err)
		}
	}
	folder, err := b.restore("folder", "full", "one")
	b.Must(err)
	b.db.Stop()
	b.db.StartOn(folder)
	if got := mariadbtest.Fingerprint(t, b.db.DB()); !maps.Equal(got, want) {
		t.Errorf("restored %v, want %v", got, want)
	}
}

// conformTrouble interrupts the tool and lets it fail.
func conformTrouble(t *testing.T, k kit) {
	b := newKitBench(t, k)
	mariadbtest.FillTables(t, b.db.DB(), 4, 20)
	slowly := func() (Task, *job.Running) {
		task := Task{Operation: fmt.Sprintf("slow-%d", b.seq), Attempt: 1, Args: Args{ID: fmt.Sprintf("slow-%d", b.seq)}}
		b.Tool.Args = []string{"--throttle=1"}
		defer func() { b.Tool.Args = nil }()
		task, err := b.perform(task, "validate_backup", "reserve_work")
		b.Must(err)
		spec, err := b.backups().copyJob(t.Context(), task)
		b.Must(err)
		b.seq++
		folder := b.Jobs.Folder(task.Operation, b.seq)
		b.Must(b.Jobs.Create(folder, spec))
		job, err := b.Jobs.Launch(folder, nil)
		b.Must(err)
		t.Cleanup(job.Close)
		_, err = job.Release(t.Context(), spec.Shell)
		b.Must(err)
		testkit.Eventually(t, "the tool copies", func() bool {
			there, _ := disk.Exists(filepath.Join(task.Data.Work, "ibdata1"))
			return there
		})
		return task, job
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*testkit.Patience)
	defer cancel()

	task, row := slowly()
	b.Must(row.Stop())
	r, err := row.Wait(ctx)
	b.Must(err)
	if _, err := b.backups().copyFinish(ctx, task, r); !errors.Is(err, job.ErrCancelled) {
		t.Errorf("stopped: %+v, %v", r, err)
	}
	_, err = b.perform(task, "discard_backup")
	b.Must(err)

	_, row = slowly()
	b.Must(row.Kill(ctx))
	if r, err := row.Wait(ctx); !errors.Is(err, job.ErrNoResult) {
		t.Errorf("killed: %+v, %v", r, err)
	}
	// A fresh attempt is not bothered by what is left.
	b.Must(b.take("full", ""))

	// A login that fails after all has been checked.
	task, err = b.perform(Task{Operation: "locked", Attempt: 1, Args: Args{ID: "locked"}}, "validate_backup", "reserve_work")
	b.Must(err)
	b.login(b.db, b.db.User, "wrong")
	_, err = b.perform(task, "copy_backup")
	testkit.Says(t, err, "failed with exit code 1: ", ": the server refused the backup user's login", "last lines of the program:")
	b.Server.CredentialsFile = b.db.CredentialsFile

	// A server that goes away.
	task, row = slowly()
	b.db.Kill()
	r, err = row.Wait(ctx)
	b.Must(err)
	_, err = b.backups().copyFinish(ctx, task, r)
	testkit.Says(t, err, "failed with exit code 1")

	// With its server down, what was taken before can be restored.
	folder, err := b.restore("folder", "full")
	b.Must(err)
	if state, err := tool.ReadCheckpoints(folder); err != nil || state.Type != k.prepared {
		t.Errorf("state %q, %v, want %q", state.Type, err, k.prepared)
	}
}

// A server's files need not be as the tool expects them: it must be told of
// the settings that the backup holds.
func TestSettingsOfTheBackupAreUsed(t *testing.T) {
	t.Parallel()
	k := kits(t)[0]
	k.server = append(k.server, mariadbtest.WithArgs("--innodb-page-size=4k", "--innodb-data-file-path=ibdata1:12M;ibdata2:12M:autoextend",
		"--innodb-undo-tablespaces=3"))
	b := newKitBench(t, k)
	mariadbtest.FillTables(t, b.db.DB(), 3, 20)
	b.Must(b.take("full", ""))
	mariadbtest.FillTables(t, b.db.DB(), 3, 20)
	b.Must(b.take("inc", "full"))
	want := mariadbtest.Fingerprint(t, b.db.DB())
	folder, err := b.restore("folder", "full", "inc")
	b.Must(err)
	b.db.Stop()
	b.db.StartOn(folder)
	if got := mariadbtest.Fingerprint(t, b.db.DB()); !maps.Equal(got, want) {
		t.Errorf("restored %v, want %v", got, want)
	}
}
