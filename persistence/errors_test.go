package persistence

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/steps/testkit"
	disktest "dbcalm-db-cmd/steps/testkit/disk"

	"dbcalm-db-cmd/persistence/dbfile"
)

// broken demands an error of the database, with what to do about it.
func broken(t *testing.T, err error, path, hint string) {
	t.Helper()
	var e *dbfile.Error
	if !errors.As(err, &e) {
		t.Errorf("got %v (%T), want a *Error", err, err)
		return
	}
	if e.Path != path || !strings.Contains(e.Hint, hint) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), hint) {
		t.Errorf("got %v, want it to name %s and to advise %q", err, path, hint)
	}
}

func TestLockOfTheLedgerIsWaitedForAndNamed(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	d := openNew(t)
	o := d.accept(operation("op"))
	writer := d.ledgerDB()
	writer.SetMaxOpenConns(1)
	run(t, writer, `BEGIN IMMEDIATE`)
	began := time.Now()
	_, err := d.Apply(t.Context(), step(o, "start", "copy"))
	if waited := time.Since(began); waited < dbfile.BusyTimeout/2 || waited > 4*dbfile.BusyTimeout {
		t.Errorf("waited %s for the lock, want about %s", waited, dbfile.BusyTimeout)
	}
	broken(t, err, d.Store.path, "another program holds a lock on it")
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began = time.Now()
	_, err = d.Apply(short, step(o, "start", "copy"))
	if waited := time.Since(began); waited > dbfile.BusyTimeout {
		t.Errorf("waited %s although the context ended", waited)
	}
	broken(t, err, d.Store.path, "another program holds a lock on it")
	// Readers are not in its way, nor it in theirs.
	if got := d.operation("op"); got.State != "queued" {
		t.Errorf("read while locked: %+v", got)
	}
	run(t, writer, `ROLLBACK`)
	if o = d.apply(step(o, "start", "copy")); o.State != "copy" {
		t.Errorf("after the lock: %+v", o)
	}
}

func TestFileThatIsNoDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db.sqlite3")
	content := bytes.Repeat([]byte("This is a letter.\n"), 1000)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), at(path))
	broken(t, err, path, "no SQLite database")
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, content) {
		t.Errorf("the refused file was changed: %v", err)
	}
}

func TestDamagedLedgerIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db.sqlite3")
	s, err := Open(t.Context(), at(path))
	if err != nil {
		t.Fatal(err)
	}
	d := &database{Store: s, t: t, path: path}
	ledger := s.path
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		o := operation(id)
		o.Args = json.RawMessage(`"` + strings.Repeat("argument ", 2000) + `"`)
		d.accept(o)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(ledger)
	if err != nil {
		t.Fatal(err)
	}
	// Every page but the first, which holds the schema.
	for i := 4096; i < len(content); i += 4096 {
		copy(content[i:], bytes.Repeat([]byte{0xa5}, 64))
	}
	if err := os.WriteFile(ledger, content, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), at(path))
	broken(t, err, ledger, "it is damaged: move it aside")
}

func TestFolderInPlaceOfTheDatabase(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	_, err := Open(t.Context(), at(path))
	broken(t, err, path, "put a file of its own there")
	below := filepath.Join(path, "file")
	if err := os.WriteFile(below, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), Options{StateDir: t.TempDir(), Shared: filepath.Join(below, "db.sqlite3")})
	if err == nil || !strings.Contains(err.Error(), below) {
		t.Errorf("a file where the folder should be: %v", err)
	}
}

func TestReadOnlyDisk(t *testing.T) {
	t.Parallel()
	if !disktest.Enter(t) {
		return
	}
	dir := disktest.Small(t, 16<<20)
	path := filepath.Join(dir, "db.sqlite3")
	elsewhere := Options{StateDir: t.TempDir(), Shared: path}
	for _, o := range []Options{elsewhere, at(path)} {
		s, err := Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	disktest.SetReadOnly(t, dir)
	if _, err := Open(t.Context(), at(path)); err == nil || !strings.Contains(err.Error(), "read-only file system") {
		t.Errorf("a ledger on it: %v", err)
	}
	// The ledger can be written: there is work to go on with.
	s, err := Open(t.Context(), elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	broken(t, s.CheckWritable(t.Context()), path, "cannot be")
	elsewhere.StateDir, elsewhere.Shared = t.TempDir(), filepath.Join(dir, "new.sqlite3")
	if _, err := Open(t.Context(), elsewhere); err == nil || !strings.Contains(err.Error(), "read-only file system") {
		t.Errorf("a new shared file on it: %v", err)
	}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	if !disktest.Enter(t) {
		return
	}
	dir := disktest.Small(t, 16<<20)
	d := openAt(t, filepath.Join(dir, "db.sqlite3"))
	o := d.accept(operation("op"))
	free := disktest.Fill(t, dir)
	_, err := d.Apply(t.Context(), step(o, "start", "copy", func(c *Change) { c.Reason = strings.Repeat("long ", 1<<18) }))
	broken(t, err, d.Store.path, "full")
	d.refused(err, err, o)
	free()
	if o = d.apply(step(o, "start", "copy")); o.State != "copy" {
		t.Errorf("with room again: %+v", o)
	}
}

func TestErrorsOfOtherKindsKeepTheirs(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := d.Operations(ctx, 1, "")
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "list operations "+d.Store.path) {
		t.Errorf("cancelled: %v", err)
	}
	if err := d.explain("op", fs.ErrClosed); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if err := d.explain("op", nil); err != nil {
		t.Errorf("no error became %v", err)
	}
	broken(t, d.explain("op", context.DeadlineExceeded), d.Store.path, "does not answer")
	var e *dbfile.Error
	if err := d.inTx(t.Context(), "op", func(tx *ledgerTx) error {
		_, err := tx.ExecContext(t.Context(), `SELECT nonsense`)
		return err
	}); !errors.As(err, &e) || !strings.Contains(e.Hint, "rescode.html") {
		t.Errorf("an error without advice of its own: %v", err)
	}
}
