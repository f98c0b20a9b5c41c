package counts

import (
	"fmt"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/steps/inventory"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

func TestMain(m *testing.M) { testkit.Main(m, nil) }

// bench is a server with a counter.
type bench struct {
	testkit.Test
	Counter
	db *mariadbtest.Server
}

// newBench starts a server that has room for all its tables, and whose backup user
// may read them.
func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{Test: testkit.NewTest(t), db: mariadbtest.Start(t, mariadbtest.WithArgs("--table-definition-cache=2000"))}
	b.Counter = Counter{Server: &server.Server{DBType: server.MariaDB, CredentialsFile: b.db.CredentialsFile, DataDir: b.db.DataDir},
		DataDir: b.db.DataDir}
	b.db.Exec(fmt.Sprintf("GRANT SELECT ON *.* TO %s@localhost", b.db.User), "CREATE DATABASE shop")
	return b
}

// restart lets the server forget when its tables were changed, so that none was
// changed just now.
func (b *bench) restart() {
	b.T.Helper()
	b.db.Stop()
	b.db.Start()
}

// job is a job that begins now.
func (b *bench) job() Job {
	b.T.Helper()
	files, err := inventory.Take(b.T.Context(), b.Counter.Server, b.DataDir)
	b.Must(err)
	before, err := b.ask(b.T.Context())
	b.Must(err)
	return Job{Before: before, Files: files, Journal: filepath.Join(b.T.TempDir(), "journal")}
}

// state returns, of each table, whether it is unchanged since a job began.
func (b *bench) state(j Job) (same map[string]bool, left map[Reason]int) {
	b.T.Helper()
	tables, left, err := b.stillSame(b.T.Context(), j)
	b.Must(err)
	same = map[string]bool{}
	for _, t := range tables {
		same[t.Name] = true
	}
	return same, left
}
