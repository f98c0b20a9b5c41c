package steps

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/xtrabackuptest"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

// TestMain lets this test binary, started by Launch, RunOnFinish or a
// supervisor, be the supervisor, the keeper or an examination.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "supervise" {
		ctx, stop := signal.NotifyContext(context.Background(), unix.SIGTERM)
		err := Supervise(ctx, os.Args[2])
		stop()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) > 1 && os.Args[1] == "examine" {
		os.Exit(examines(os.Args[2:]))
	}
	if len(os.Args) > 1 && os.Args[1] == OnFinishKeeper {
		ctx, stop := signal.NotifyContext(context.Background(), unix.SIGTERM)
		code, err := KeepOnFinish(ctx, os.Stdin, os.Stdout, os.Stderr)
		stop()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
		os.Exit(code)
	}
	// The race detector lets every program sleep for a second at its end.
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE")); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if err := xtrabackuptest.Remove(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
		os.Exit(code)
	}))
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
	t       *testing.T
	dir     string
	records *records
}

// newHost returns a host with an empty data directory and store, and no
// credentials.
func newHost(t *testing.T) *testHost {
	t.Helper()
	dir := t.TempDir()
	catalog := &records{backups: map[string]persistence.Backup{}}
	h := &testHost{t: t, dir: dir, records: catalog, Host: NewHost(Settings{
		DBType: MariaDB, BackupDir: filepath.Join(dir, "backups"), DataDir: filepath.Join(dir, "data"), StateDir: filepath.Join(dir, "state"),
		CredentialsFile: filepath.Join(dir, "credentials.cnf"), Host: "localhost", Parallel: 2, UseMemory: 64 << 20,
	}, catalog)}
	for _, folder := range []string{h.BackupDir, h.DataDir, h.StateDir} {
		if err := os.Mkdir(folder, 0o750); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// write makes files, with the folders they lie in, below a folder.
func write(t *testing.T, folder string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o640); err != nil {
			t.Fatal(err)
		}
	}
}

// tree returns the content of every file below a folder; a folder, whose name
// then ends with a slash, and anything else is there with an empty one.
func tree(t *testing.T, folder string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || path == folder {
			return err
		}
		name, err := filepath.Rel(folder, path)
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			found[name+"/"] = ""
		case entry.Type().IsRegular():
			text, err := os.ReadFile(path)
			found[name] = string(text)
			return err
		default:
			found[name] = ""
		}
		return nil
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return found
}

// says demands an error that holds every one of the words.
func says(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one that says %q", words)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("the error lacks %q: %v", word, err)
		}
	}
}

// eventually polls until the condition holds.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("waited %s in vain: %s", patience, what)
		}
	}
}

// golden compares got with a file under testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run the tests with -update to write it)", err)
	}
	if got != string(want) {
		t.Errorf("differs from %s (run with -update if that is right)\ngot:\n%s\nwant:\n%s", path, got, want)
	}
}
