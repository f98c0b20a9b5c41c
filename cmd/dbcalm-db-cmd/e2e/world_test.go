package e2e

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
	"dbcalm-db-cmd/transport/client"
	transporttest "dbcalm-db-cmd/transport/testkit"
)

// patience is how long a test waits for what must happen.
const patience = 60 * time.Second

// world is a host of its own: a MariaDB, a store, a configuration and, once
// started, a daemon.
type world struct {
	t         testing.TB
	dir       string
	db        *mariadbtest.Server
	program   string
	backupDir string
	stateDir  string
	database  string
	socket    string
	config    string
	env       []string
	daemon    *daemon
	replaced  map[string]string
	client    *client.Client
}

// worldOptions change what newWorld makes.
type worldOptions struct {
	// server are the options of the private MariaDB.
	server []mariadbtest.Option
	// config is appended to the configuration; a key of it replaces ours.
	config map[string]string
	// tags are the build tags of the program.
	tags string
	// backupDir replaces the store's folder, with a small disk for example.
	backupDir string
	stateDir  string
}

// newWorld makes a world without starting its daemon. Everything is gone when
// the test has ended.
func newWorld(t testing.TB, o worldOptions) *world {
	t.Helper()
	dir := transporttest.Folder(t)
	w := &world{t: t, dir: dir, program: program(t, o.tags), db: mariadbtest.Start(t, o.server...),
		backupDir: filepath.Join(dir, "backups"), stateDir: filepath.Join(dir, "state"),
		database: filepath.Join(dir, "db.sqlite3"), socket: filepath.Join(dir, "s"), config: filepath.Join(dir, "config.yml"),
		// A program with the race detector else sleeps a second before it ends.
		env: append(os.Environ(), "GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE"))}
	if o.backupDir != "" {
		w.backupDir = o.backupDir
	}
	if o.stateDir != "" {
		w.stateDir = o.stateDir
		if err := os.MkdirAll(o.stateDir, 0o700); err != nil {
			t.Fatal(err)
		}
		// The daemon takes no folder that others may enter.
		if err := os.Chmod(o.stateDir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if w.daemon != nil {
			w.kill()
		}
		w.killRest()
	})
	w.replaced = o.config
	w.writeConfig(o.config)
	w.client = &client.Client{Path: w.socket}
	return w
}

// writeConfig writes the configuration, with some keys replaced.
func (w *world) writeConfig(replace map[string]string) {
	w.t.Helper()
	keys := []string{"db_type", "backup_dir", "backup_credentials_file", "data_dir", "database_path", "state_dir", "socket_path",
		"legacy_socket_path", "use_memory", "log_level"}
	values := map[string]string{
		"db_type": "mariadb", "backup_dir": w.backupDir, "backup_credentials_file": w.db.CredentialsFile,
		"data_dir": w.db.DataDir, "database_path": w.database, "state_dir": w.stateDir,
		"socket_path": w.socket, "legacy_socket_path": `""`, "use_memory": "128M", "log_level": "debug",
	}
	var text strings.Builder
	for _, key := range keys {
		if _, replaced := replace[key]; !replaced {
			fmt.Fprintf(&text, "%s: %s\n", key, values[key])
		}
	}
	for key, value := range replace {
		fmt.Fprintf(&text, "%s: %s\n", key, value)
	}
	if err := os.WriteFile(w.config, []byte(text.String()), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// full, incremental and restore send a command and return the operation's id.
func (w *world) full(id string) string {
	w.t.Helper()
	return w.accepted(w.client.FullBackup(w.ctx(), api.BackupRequest{ID: id}))
}

func (w *world) incremental(id, from string) string {
	w.t.Helper()
	return w.accepted(w.client.IncrementalBackup(w.ctx(), api.BackupRequest{ID: id, FromBackupID: from}))
}

func (w *world) restore(target api.Target, ids ...string) string {
	w.t.Helper()
	return w.accepted(w.client.RestoreBackup(w.ctx(), api.RestoreRequest{IDList: ids, Target: target}))
}

func (w *world) accepted(id string, err error) string {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("command refused: %v", err)
	}
	return id
}

func (w *world) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	w.t.Cleanup(cancel)
	return ctx
}

// show returns an operation as the daemon tells it.
func (w *world) show(id string) api.OperationView {
	w.t.Helper()
	v, err := w.client.Operation(w.ctx(), id)
	if err != nil {
		w.t.Fatalf("show operation %s: %v", id, err)
	}
	return v
}

// ended waits for the end of an operation, and until the shared file has been told
// of it. It waits on the ledger: the daemon need not answer a question each time.
func (w *world) ended(id string) api.OperationView {
	w.t.Helper()
	db := w.ledger()
	defer db.Close()
	var v api.OperationView
	w.eventually("operation "+id+" ends", func() bool {
		var over bool
		if db.QueryRow(`SELECT finished_at IS NOT NULL FROM operation WHERE id = ?`, id).Scan(&over) == nil && !over {
			return false
		}
		v = w.show(id)
		return v.FinishedAt != nil
	})
	w.delivered(db)
	return v
}

// delivered waits until the shared file has been told all that the ledger knows.
func (w *world) delivered(ledger *sql.DB) {
	w.t.Helper()
	w.eventually("the shared file is told", func() bool {
		var waiting int
		return ledger.QueryRow(`SELECT count(*) FROM outbox`).Scan(&waiting) == nil && waiting == 0
	})
}

// succeeded waits for the end of an operation and demands success.
func (w *world) succeeded(id string) api.OperationView {
	w.t.Helper()
	v := w.ended(id)
	if v.Status != "succeeded" {
		w.t.Fatalf("%s of %s: %s in %s: %s\n%s", v.Machine, v.Backup, v.Status, v.State, v.Error, w.story(v))
	}
	return v
}

// failed waits for the end of an operation and demands that it failed with an
// error that holds every one of the given words.
func (w *world) failed(id string, words ...string) api.OperationView {
	w.t.Helper()
	v := w.ended(id)
	if v.Status != "failed" {
		w.t.Fatalf("%s of %s: %s, wanted it to fail\n%s", v.Machine, v.Backup, v.Status, w.story(v))
	}
	for _, word := range words {
		if !strings.Contains(v.Error, word) {
			w.t.Errorf("error of %s does not say %q: %s", v.Machine, word, v.Error)
		}
	}
	return v
}

// story tells an operation's transitions, for a failing test.
func (w *world) story(v api.OperationView) string {
	var b strings.Builder
	for _, tr := range v.Transitions {
		fmt.Fprintf(&b, "  %d %s --%s--> %s (attempt %d): %s\n", tr.Seq, tr.From, tr.Event, tr.To, tr.Attempt, tr.Reason)
	}
	return b.String()
}

// eventually polls until the condition holds.
func (w *world) eventually(what string, condition func() bool) {
	w.t.Helper()
	if !testkit.Within(patience, condition) {
		w.t.Fatalf("waited %s in vain: %s\ndaemon's log:\n%s", patience, what, w.daemonLog())
	}
}

// sqlite opens the shared file as the API server does, beside the daemon.
func (w *world) sqlite() *sql.DB {
	w.t.Helper()
	return w.openSQLite(w.database)
}

// ledger opens what nobody but the daemon's user can.
func (w *world) ledger() *sql.DB {
	w.t.Helper()
	return w.openSQLite(persistence.LedgerPath(w.stateDir))
}

func (w *world) openSQLite(path string) *sql.DB {
	w.t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)")
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = db.Close() })
	return db
}

// newest returns status, error and output of the newest process row of an
// operation, as clients poll it.
func (w *world) newest(db *sql.DB, operation string) (status, failure, output string) {
	w.t.Helper()
	var e, o sql.NullString
	err := db.QueryRow(`SELECT status, error, output FROM process WHERE command_id = ? ORDER BY id DESC LIMIT 1`,
		operation).Scan(&status, &e, &o)
	if err != nil {
		w.t.Fatal(err)
	}
	return status, e.String, o.String
}

// refused demands that a command was refused with a code and a message.
func refused(t testing.TB, err error, code int, words ...string) {
	t.Helper()
	var r *client.Refusal
	if !errors.As(err, &r) {
		t.Fatalf("wanted a refusal with %d, got %v", code, err)
	}
	if r.Code != code {
		t.Errorf("refused with %d (%s), wanted %d", r.Code, r.Message, code)
	}
	for _, word := range words {
		if !strings.Contains(r.Message, word) {
			t.Errorf("refusal does not say %q: %s", word, r.Message)
		}
	}
}

// loseData empties the data directory of the stopped server, but for the names
// that it is given.
func (w *world) loseData(but ...string) {
	w.t.Helper()
	entries, err := os.ReadDir(w.db.DataDir)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range entries {
		if slices.Contains(but, e.Name()) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(w.db.DataDir, e.Name())); err != nil {
			w.t.Fatal(err)
		}
	}
}

// entries lists what is in a folder, hidden things too.
func entries(t testing.TB, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		if e.Name() != storeLock && e.Name() != archiveFolder {
			names = append(names, e.Name())
		}
	}
	return names
}

// archiveFolder is the archive of the binary log, which no backup is.
const archiveFolder = ".binlog"

// storeLock is the store's lock, which every daemon makes and nobody removes. It
// is no part of what operations leave.
const storeLock = ".lock"

func (w *world) daemonLog() string {
	if w.daemon == nil {
		return "(no daemon)"
	}
	text, err := os.ReadFile(w.daemon.log)
	if err != nil {
		return err.Error()
	}
	if len(text) > 6000 {
		text = append([]byte("…"), text[len(text)-6000:]...)
	}
	return string(bytes.ToValidUTF8(text, []byte("?")))
}
