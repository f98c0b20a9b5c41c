package machine

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"
	_ "modernc.org/sqlite"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/machine/definition"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
)

// fakeTool stands in for mariabackup where no server is needed: it prepares a
// stage by saying so in its metadata. With a gate beside it, it waits there
// for a line that says how it is to end.
const fakeTool = `#!/bin/sh
for option; do
	case $option in
	--version) echo "mariadb-backup based on MariaDB server 10.11.19-MariaDB Linux (x86_64)"; exit 0 ;;
	--target-dir=*) target=${option#*=} ;;
	--incremental-dir=*) increment=${option#*=} ;;
	esac
done
echo "preparing $target"
verdict=ok
[ ! -p "$0.gate" ] || read -r verdict <"$0.gate"
case $verdict in
kill) kill -9 $$ ;;
fail) echo "Error: no luck today"; exit 1 ;;
esac
last=$(sed -n 's/^to_lsn = //p' "${increment:-$target}/xtrabackup_checkpoints")
printf 'backup_type = log-applied\nfrom_lsn = 0\nto_lsn = %s\nlast_lsn = %s\n' "$last" "$last" >"$target/xtrabackup_checkpoints"
echo "completed OK!"
`

// world is a host with a store of backups and, once started, a manager.
type world struct {
	t    *testing.T
	dir  string
	path string
	*persistence.Store
	host *steps.Host
	*Manager
	options Options
	// gate is what the fake tool waits at; nil if it does not.
	gate *os.File
	// replace are steps that take the place of the host's in the next manager.
	replace map[string]steps.Step
	// adopted counts how often a manager looked for the program of an earlier one.
	adopted atomic.Int32
}

func newWorld(t *testing.T, settings ...func(*steps.Settings)) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{t: t, dir: dir, path: filepath.Join(dir, "db.sqlite3"), replace: map[string]steps.Step{},
		options: Options{Logger: zerolog.New(zerolog.NewTestWriter(t))}}
	s := steps.Settings{DBType: server.MariaDB, BackupDir: filepath.Join(dir, "backups"), DataDir: filepath.Join(dir, "data"),
		StateDir: filepath.Join(dir, "state"), CredentialsFile: filepath.Join(dir, "credentials.cnf"), Host: "localhost",
		BackupBin: filepath.Join(dir, "tool"), Parallel: 2, UseMemory: 64 << 20}
	for _, set := range settings {
		set(&s)
	}
	for _, folder := range []string{s.BackupDir, s.DataDir} {
		if err := os.MkdirAll(folder, 0o750); err != nil {
			t.Fatal(err)
		}
	}
	w.write(filepath.Join(dir, "tool"), fakeTool)
	var err error
	if w.Store, err = persistence.Open(t.Context(), persistence.Options{StateDir: s.StateDir, Shared: w.path}); err != nil {
		t.Fatal(err)
	}
	w.host = steps.NewHost(s, w.Store)
	t.Cleanup(func() {
		if w.Manager != nil {
			w.Stop()
		}
		w.killRest()
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *world) write(path, content string) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		w.t.Fatal(err)
	}
	testkit.Program(w.t, path, content)
}

// start starts a manager as a daemon does that has just begun.
func (w *world) start() {
	w.t.Helper()
	if w.Manager != nil {
		w.Stop()
	}
	m, err := New(w.Store, w.host, w.options)
	if err != nil {
		w.t.Fatal(err)
	}
	for name, step := range w.replace {
		if step.Outcomes == nil {
			step.Outcomes = m.registry[name].Outcomes
		}
		m.registry[name] = step
	}
	m.adopt = func(folder string, id job.Identity) (*job.Running, error) {
		w.adopted.Add(1)
		return job.Adopt(folder, id)
	}
	w.Manager = m
	if err := m.Start(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// closeGate makes the fake tool wait from now on.
func (w *world) closeGate() {
	w.t.Helper()
	path := filepath.Join(w.dir, "tool.gate")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		w.t.Fatal(err)
	}
	// Opened for both, neither this nor the tool waits for the other to open it.
	gate, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = gate.Close() })
	w.gate = gate
}

// pass lets one run of the fake tool go on, as the verdict says.
func (w *world) pass(verdict string) {
	w.t.Helper()
	if _, err := fmt.Fprintln(w.gate, verdict); err != nil {
		w.t.Fatal(err)
	}
}

// backup puts a backup into the store, as an older program without manifests
// left it, and records it.
func (w *world) backup(id, from string, fromLSN, toLSN int) {
	w.t.Helper()
	w.backupAt(id, from, fromLSN, toLSN, time.Now().UTC())
}

func (w *world) backupAt(id, from string, fromLSN, toLSN int, at time.Time) {
	w.t.Helper()
	w.files(id, from, fromLSN, toLSN)
	w.record(persistence.Backup{ID: id, FromBackupID: from, StartTime: at})
}

// files puts a backup into the store without a record.
func (w *world) files(id, from string, fromLSN, toLSN int) {
	w.t.Helper()
	kind, table := "full-backuped", "orders.ibd"
	if from != "" {
		kind, table = "incremental", "orders.ibd.delta"
	}
	folder := w.host.Store.Folder(id)
	w.write(filepath.Join(folder, "xtrabackup_checkpoints"),
		fmt.Sprintf("backup_type = %s\nfrom_lsn = %d\nto_lsn = %d\nlast_lsn = %d\n", kind, fromLSN, toLSN, toLSN))
	w.write(filepath.Join(folder, "xtrabackup_info"), "tool_name = mariabackup\n")
	w.write(filepath.Join(folder, "backup-my.cnf"), "[mysqld]\ninnodb_page_size=16384\n")
	w.write(filepath.Join(folder, "shop", table), "rows of "+id)
}

// manifest puts a manifest into the store, in the folder of its id.
func (w *world) manifest(m store.Manifest) {
	w.t.Helper()
	m.Format = 1
	text, err := json.Marshal(m)
	if err != nil {
		w.t.Fatal(err)
	}
	w.write(filepath.Join(w.host.Store.Folder(m.ID), store.ManifestName), string(text))
}

// accepts adds an operation that an earlier daemon has accepted.
func (w *world) accepts(o persistence.Operation, of persistence.ProcessType) {
	w.t.Helper()
	first := persistence.Process{CommandID: o.ID, StartTime: o.CreatedAt, Type: of, Args: o.Args}
	if err := w.Accept(w.t.Context(), persistence.Acceptance{Operation: o, First: first})[0]; err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) record(b persistence.Backup) {
	w.t.Helper()
	o := persistence.Operation{ID: "made-" + b.ID, Machine: "full_backup", Definition: w.source("full_backup"), BackupID: b.ID,
		Args: []byte("{}"), State: "queued", Status: persistence.Waiting, Seq: 1, Attempt: 1, Data: []byte("{}"), CreatedAt: b.StartTime}
	w.accepts(o, persistence.TypeBackup)
	_, err := w.Apply(w.t.Context(), persistence.Change{OperationID: o.ID, Seq: 1, From: "queued", Event: "ok", To: "done", At: b.StartTime,
		Status: persistence.Succeeded, Attempt: 1, Data: o.Data, Backup: &b})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) source(name string) string {
	w.t.Helper()
	text, err := definition.Source(name)
	if err != nil {
		w.t.Fatal(err)
	}
	return text
}

// restore asks for a chain to be restored to a folder.
func (w *world) restore(ids ...string) string {
	w.t.Helper()
	return w.accepted(w.RestoreBackup(w.t.Context(), api.RestoreRequest{IDList: ids, Target: api.TargetFolder}))
}

func (w *world) accepted(id string, err error) string {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("command refused: %v", err)
	}
	return id
}

func (w *world) show(id string) api.OperationView {
	w.t.Helper()
	v, err := w.Manager.Operation(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

// reaches waits until an operation is in a state.
func (w *world) reaches(id, state string) api.OperationView {
	w.t.Helper()
	var v api.OperationView
	w.eventually(id+" reaches "+state, func() bool {
		v = w.show(id)
		if v.FinishedAt != nil && v.State != state {
			w.t.Fatalf("%s ended in %s instead of reaching %s:\n%s", id, v.State, state, story(v))
		}
		return v.State == state
	})
	return v
}

// works waits until the program of an operation's state runs.
func (w *world) works(id, state string) api.OperationView {
	w.t.Helper()
	w.reaches(id, state)
	var v api.OperationView
	w.eventually("the program of "+id+" runs", func() bool {
		v = w.show(id)
		last := v.Processes[len(v.Processes)-1]
		return v.State == state && last.PID != nil && last.Status == "running"
	})
	return v
}

// ends waits for an operation's end and demands that it is of the given kind.
func (w *world) ends(id string, status persistence.Status) api.OperationView {
	w.t.Helper()
	var v api.OperationView
	w.eventually(id+" ends", func() bool {
		v = w.show(id)
		return v.FinishedAt != nil
	})
	// The shared file is told by then.
	w.settledDown(id)
	if v.Status != string(status) {
		w.t.Fatalf("%s %s, want %s: %s\n%s", id, v.Status, status, v.Error, story(v))
	}
	return v
}

// settledDown waits until nothing works on an operation any more.
func (w *world) settledDown(id string) {
	w.t.Helper()
	w.mu.Lock()
	r := w.running[id]
	w.mu.Unlock()
	if r != nil {
		<-r.ended
	}
}

func (w *world) eventually(what string, condition func() bool) {
	w.t.Helper()
	testkit.Eventually(w.t, what, condition)
}

// path of states and events, without times.
func events(v api.OperationView) string {
	words := []string{}
	for _, tr := range v.Transitions {
		words = append(words, tr.Event+">"+tr.To)
	}
	return strings.Join(words, " ")
}

func story(v api.OperationView) string {
	var b strings.Builder
	for _, tr := range v.Transitions {
		fmt.Fprintf(&b, "  %d %s --%s--> %s (attempt %d): %s\n", tr.Seq, tr.From, tr.Event, tr.To, tr.Attempt, tr.Reason)
	}
	return b.String()
}

// job returns the job of an operation that has not ended.
func (w *world) job(id string) persistence.Job {
	w.t.Helper()
	job, err := w.OpenJob(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return job
}

// gone waits until a job's supervisor has ended.
func (w *world) gone(row persistence.Job) {
	w.t.Helper()
	w.eventually("the supervisor ends", func() bool {
		id, err := job.Identify(row.PID)
		return errors.Is(err, job.ErrGone) || id.StartTicks != row.StartTicks
	})
}

// outsider is a connection of another program to the shared file, one only.
func (w *world) outsider() *sql.DB {
	w.t.Helper()
	return w.open(w.path)
}

// ledger is a connection to what nobody else can open.
func (w *world) ledger() *sql.DB {
	w.t.Helper()
	return w.open(persistence.LedgerPath(w.host.Jobs.StateDir))
}

func (w *world) open(path string) *sql.DB {
	w.t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		w.t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	w.t.Cleanup(func() { _ = db.Close() })
	return db
}

func (w *world) exec(db *sql.DB, statement string) {
	w.t.Helper()
	if _, err := db.ExecContext(w.t.Context(), statement); err != nil {
		w.t.Fatalf("%s: %v", statement, err)
	}
}

// programs lists the processes that work for this world.
func (w *world) programs() (pids []int) {
	folders, _ := filepath.Glob("/proc/[0-9]*")
	for _, folder := range folders {
		line, err := os.ReadFile(filepath.Join(folder, "cmdline"))
		if pid, convErr := strconv.Atoi(filepath.Base(folder)); err == nil && convErr == nil && bytes.Contains(line, []byte(w.dir)) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// killRest kills what a test left running on purpose or by failing.
func (w *world) killRest() {
	for _, pid := range w.programs() {
		_ = unix.Kill(pid, unix.SIGKILL)
	}
}

// names lists what is in a folder, hidden things too.
func (w *world) names(dir string) string {
	w.t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		w.t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// refusal demands an *Error of a kind whose message holds the words.
func refusal(t *testing.T, err error, kind api.Kind, words ...string) {
	t.Helper()
	var e *api.Error
	if !errors.As(err, &e) {
		t.Errorf("got %v (%T), want a refusal that says %q", err, err, words)
		return
	}
	if api.KindOf(err) != kind {
		t.Errorf("kind is %d, want %d: %v", e.Kind, kind, err)
	}
	for _, word := range words {
		if !strings.Contains(e.Message, word) {
			t.Errorf("the refusal lacks %q: %s", word, e.Message)
		}
	}
}

// block is a step that says it has begun and works until it is let go or its
// context ends.
func block(begun chan<- string, letGo <-chan error) func(context.Context, steps.Task) (steps.Outcome, error) {
	return func(ctx context.Context, t steps.Task) (steps.Outcome, error) {
		select {
		case begun <- t.Operation:
		case <-ctx.Done():
			return steps.Outcome{}, context.Cause(ctx)
		}
		select {
		case err := <-letGo:
			return steps.Outcome{Event: steps.EventOK, Reason: "let go", Data: t.Data}, err
		case <-ctx.Done():
			return steps.Outcome{}, context.Cause(ctx)
		}
	}
}
