package steps

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/testkit"
	xtrabackuptest "dbcalm-db-cmd/steps/testkit/xtrabackup"
)

// TestMain lets this test binary, started by Launch, RunOnFinish or a
// supervisor, be the supervisor, the keeper or an examination.
func TestMain(m *testing.M) {
	testkit.Main(m, map[string]testkit.Role{
		"supervise": func(ctx context.Context, args []string) (int, error) { return 0, Supervise(ctx, args[0]) },
		"examine":   examines,
		OnFinishKeeper: func(ctx context.Context, _ []string) (int, error) {
			return KeepOnFinish(ctx, os.Stdin, os.Stdout, os.Stderr)
		},
	}, xtrabackuptest.Remove)
}

// records is a Catalog in memory.
type records struct {
	backups  map[string]persistence.Backup
	restored time.Time
	err      error
}

func (r *records) Backup(_ context.Context, id string) (persistence.Backup, error) {
	if r.err != nil {
		return persistence.Backup{}, r.err
	}
	b, found := r.backups[id]
	if !found {
		return b, persistence.ErrNotFound
	}
	return b, nil
}

func (r *records) Children(_ context.Context, id string) ([]persistence.Backup, error) {
	var children []persistence.Backup
	for _, b := range r.backups {
		if b.FromBackupID == id {
			children = append(children, b)
		}
	}
	return children, r.err
}

func (r *records) RestoredAt(context.Context) (time.Time, error) { return r.restored, r.err }

// testHost is a host whose folders are the test's own.
type testHost struct {
	*Host
	testkit.Test
	records *records
}

// newHost returns a host with an empty data directory and store, and no
// credentials.
func newHost(t *testing.T) *testHost {
	t.Helper()
	h := &testHost{Test: testkit.NewTest(t, "backups", "data", "state"), records: &records{backups: map[string]persistence.Backup{}}}
	h.Host = NewHost(Settings{
		DBType: MariaDB, BackupDir: filepath.Join(h.Dir, "backups"), DataDir: filepath.Join(h.Dir, "data"), StateDir: filepath.Join(h.Dir, "state"),
		CredentialsFile: filepath.Join(h.Dir, "credentials.cnf"), Host: "localhost", Parallel: 2, UseMemory: 64 << 20,
	}, h.records)
	return h
}
