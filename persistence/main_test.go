package persistence

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"dbcalm-db-cmd/persistence/dbfile"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(envMove); path != "" {
		moveUntil(path, os.Getenv(envUntil))
	}
	goleak.VerifyTestMain(m)
}

// noon is when most tests begin; minute n of them is n minutes later.
var noon = time.Date(2026, 3, 4, 12, 0, 0, 123456000, time.UTC)

func minute(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }

func pointer[T any](value T) *T { return &value }

// database is an open store of a test and the path of its shared file.
type database struct {
	*Store
	t    *testing.T
	path string
}

// openNew opens a new store, closed when the test has ended.
func openNew(t *testing.T) *database {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "db.sqlite3"))
}

// at are the options of a store whose shared file lies at path.
func at(path string) Options {
	return Options{StateDir: filepath.Join(filepath.Dir(path), "state"), Shared: path}
}

func openAt(t *testing.T, path string) *database {
	t.Helper()
	return openWith(t, at(path))
}

func openWith(t *testing.T, o Options) *database {
	t.Helper()
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &database{Store: s, t: t, path: o.Shared}
}

// outsider opens the database as another program does, with its foreign keys
// enforced.
func outsider(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", dbfile.URL(path, url.Values{"_pragma": {"busy_timeout(5000)", "foreign_keys(1)"}}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// ledger opens the ledger beside the store, as nobody else can.
func (d *database) ledgerDB() *sql.DB {
	d.t.Helper()
	return outsider(d.t, d.Store.path)
}

// run executes statements as another program would.
func run(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// read returns the text of one value, "NULL" for none.
func read(t *testing.T, db *sql.DB, query string, args ...any) string {
	t.Helper()
	var text sql.NullString
	if err := db.QueryRowContext(t.Context(), query, args...).Scan(&text); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	if !text.Valid {
		return "NULL"
	}
	return text.String
}

// operation is a new full backup of the id "b-" and the operation's own.
func operation(id string) Operation {
	return Operation{ID: id, Machine: "full_backup", Definition: "the definition", BackupID: "b-" + id,
		Args: json.RawMessage(`{"id":"b-` + id + `"}`), State: "queued", Status: Waiting, Seq: 1, Attempt: 1,
		Data: json.RawMessage(`{}`), CreatedAt: noon, AskedBy: `{"uid":1001}`}
}

func firstProcess(o Operation) Process {
	return Process{CommandID: o.ID, Command: "dbcalm-db-cmd " + o.Machine, StartTime: o.CreatedAt, Type: TypeBackup, Args: o.Args}
}

// offer has one operation accepted.
func offer(ctx context.Context, s *Store, o Operation, r *Request, claims ...Claim) error {
	return s.Accept(ctx, Acceptance{Operation: o, Claims: claims, First: firstProcess(o), Request: r})[0]
}

// accept records an operation and returns it as stored.
func (d *database) accept(o Operation, claims ...Claim) Operation {
	d.t.Helper()
	if err := offer(d.t.Context(), d.Store, o, nil, claims...); err != nil {
		d.t.Fatalf("accept %s: %v", o.ID, err)
	}
	return d.operation(o.ID)
}

func (d *database) operation(id string) Operation {
	d.t.Helper()
	o, err := d.Operation(d.t.Context(), id)
	if err != nil {
		d.t.Fatal(err)
	}
	return o
}

// step is a change that moves an operation on and leaves it running.
func step(o Operation, event, to string, more ...func(*Change)) Change {
	c := Change{OperationID: o.ID, Seq: o.Seq, From: o.State, Event: event, To: to, At: o.CreatedAt.Add(time.Duration(o.Seq) * time.Minute),
		Reason: event + " leads to " + to, Status: Running, Attempt: o.Attempt, Data: o.Data}
	for _, change := range more {
		change(&c)
	}
	return c
}

func (d *database) apply(c Change) Operation {
	d.t.Helper()
	o, err := d.Apply(d.t.Context(), c)
	if err != nil {
		d.t.Fatalf("apply %s of %s: %v", c.Event, c.OperationID, err)
	}
	return o
}

// record makes a backup known, as an operation of its own does.
func (d *database) record(id, from string) {
	d.t.Helper()
	o := operation("op-" + id)
	o.BackupID = id
	o = d.accept(o, Claim{BackupID: id, Use: Makes})
	d.apply(step(o, "ok", "done", func(c *Change) {
		c.Status = Succeeded
		c.Backup = &Backup{ID: id, FromBackupID: from, StartTime: noon, EndTime: pointer(minute(1)), Size: pointer(int64(1000))}
	}))
}

// newest returns status, error, output and return code of an operation's
// newest process row, the way clients poll it.
func (d *database) newest(operation string) Process {
	d.t.Helper()
	rows := d.processes(operation)
	if len(rows) == 0 {
		d.t.Fatalf("operation %s has no process row", operation)
	}
	return rows[len(rows)-1]
}

func (d *database) processes(operation string) []Process {
	d.t.Helper()
	rows, err := d.Processes(d.t.Context(), operation)
	if err != nil {
		d.t.Fatal(err)
	}
	return rows
}

// refused demands an error of the given kind and that it changed nothing of
// the operation.
func (d *database) refused(err, want error, before Operation) {
	d.t.Helper()
	if !errors.Is(err, want) {
		d.t.Errorf("got error %v, want %v", err, want)
	}
	if after := d.operation(before.ID); fmt.Sprintf("%+v", after) != fmt.Sprintf("%+v", before) && before.CancelAt == after.CancelAt {
		d.t.Errorf("a refused change changed the operation from %+v to %+v", before, after)
	}
}
