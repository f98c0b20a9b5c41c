package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/persistence"
)

// TestFormerState takes over what an earlier version left: logs move, the folder
// of a job that is still open stays until that has ended.
func TestFormerState(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	former, present := filepath.Join(dir, "former"), filepath.Join(dir, "present")
	jobs := filepath.Join(former, jobsName)
	for _, folder := range []string{former, present, jobs, filepath.Join(jobs, "open-2"), filepath.Join(jobs, "over-2"),
		filepath.Join(former, logsName, "over")} {
		if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			if err := os.MkdirAll(folder, 0o700); err != nil {
				t.Fatal(err)
			}
		}
	}
	store, err := persistence.Open(t.Context(), persistence.Options{StateDir: present, Shared: filepath.Join(dir, "db.sqlite3")})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	o := persistence.Operation{ID: "open", Machine: "full_backup", State: "copy", Status: persistence.Running, Seq: 1, Attempt: 1,
		Args: []byte("{}"), Data: []byte("{}"), CreatedAt: time.Now()}
	row := persistence.Process{CommandID: o.ID, StartTime: time.Now(), Type: persistence.TypeBackup, Args: o.Args}
	if err := store.Accept(t.Context(), persistence.Acceptance{Operation: o, First: row})[0]; err != nil {
		t.Fatal(err)
	}
	job, err := store.BeginJob(t.Context(), o,
		persistence.Job{OperationID: o.ID, State: "copy", Attempt: 1, Folder: filepath.Join(jobs, "open-2")}, row)
	if err != nil {
		t.Fatal(err)
	}
	tidy := func() {
		t.Helper()
		f, err := openFormerState(former)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := f.tidy(t.Context(), store, present); err != nil {
			t.Fatal(err)
		}
	}
	tidy()
	if _, err := os.Stat(filepath.Join(present, logsName, "over")); err != nil {
		t.Errorf("the logs did not move: %v", err)
	}
	if left, err := os.ReadDir(jobs); err != nil || len(left) != 1 || left[0].Name() != "open-2" {
		t.Errorf("left are %v, %v", left, err)
	}
	if _, err := store.Apply(t.Context(), persistence.Change{OperationID: o.ID, Seq: 1, From: "copy", Event: "ok", To: "done", At: time.Now(),
		Status: persistence.Succeeded, Attempt: 1, Data: o.Data, JobID: job.ID}); err != nil {
		t.Fatal(err)
	}
	tidy()
	if f, err := openFormerState(former); f != nil || err != nil {
		t.Errorf("the former folder is still there: %v", err)
	}
}

func TestFormerStateThatOthersHaveIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open := filepath.Join(dir, "open")
	if err := os.Mkdir(open, 0o770); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(open, link); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{open: "no longer this user's alone", link: "is no folder"} {
		if f, err := openFormerState(path); f != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}
