package steps

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/steps/testkit"
)

func TestJobFolders(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	if folders, err := h.JobFolders(); err != nil || len(folders) > 0 {
		t.Errorf("before the first: %q, %v", folders, err)
	}
	folder := h.JobFolder("0b0e2c1a-0000-4000-8000-1234567890ab", 7)
	spec := JobSpec{Path: "/bin/true", Args: []string{"a b"}, Dir: "/", Output: h.BackupDir, Grace: time.Second}
	for range 2 {
		if err := h.CreateJob(folder, spec); err != nil {
			t.Fatal(err)
		}
	}
	testkit.Write(t, h.jobsDir(), map[string]string{"notes/file": ""})
	info, err := os.Stat(folder)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v, %v", info.Mode(), err)
	}
	var read JobSpec
	if err := readJSON(filepath.Join(folder, specFile), &read); err != nil || read.Line() != "/bin/true 'a b'" || read.Grace != time.Second {
		t.Errorf("the spec: %+v, %v", read, err)
	}
	if folders, err := h.JobFolders(); err != nil || len(folders) != 1 || folders[0] != folder {
		t.Errorf("listed: %q, %v", folders, err)
	}
	for range 2 {
		if err := h.RemoveJob(folder); err != nil {
			t.Error(err)
		}
	}
	for _, other := range []string{h.StateDir, h.jobsDir(), h.BackupDir, filepath.Join(folder, "below")} {
		testkit.Says(t, h.RemoveJob(other), other+" is not one")
	}
	if got := testkit.Tree(t, h.jobsDir()); len(got) != 2 {
		t.Errorf("left: %v", got)
	}
}

func TestResultIsRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := ReadResult(dir); !errors.Is(err, ErrNoResult) {
		t.Errorf("none: %v", err)
	}
	testkit.Write(t, dir, map[string]string{resultFile: `{"exit_code":3,"tail":"bye"}`})
	if r, err := ReadResult(dir); err != nil || r.ExitCode != 3 || r.Tail != "bye" {
		t.Errorf("got %+v, %v", r, err)
	}
	testkit.Write(t, dir, map[string]string{resultFile: `{"exit_code":`})
	_, err := ReadResult(dir)
	testkit.Says(t, err, "read "+filepath.Join(dir, resultFile))
	if errors.Is(err, ErrNoResult) {
		t.Errorf("a damaged result is none: %v", err)
	}
}

// Neither the folder of a job nor the table of processes may hold a secret.
func TestSpecsHoldNoPassword(t *testing.T) {
	t.Parallel()
	testkit.NeedsServer(t)
	h := packedLinks(t, "directory", "forwarded stream")
	h.Retrieve = "curl --user me:s3cret sftp://vault/$DBCALM_FILE"
	h.WriteCredentials("[client-dbcalm]\nuser=backup\npassword=s3cret\nhost=db1\nport=3307\n")
	task := h.unpackTask()
	task.Args.ID, task.Args.FromBackupID, task.Data.Work = "new", "inc", filepath.Join(h.partialDir(), "op-1")
	task.Data.Tool, task.Data.Server = &mariabackup, &ServerInfo{DataDir: h.DataDir}
	task.Data.ServerProgram = &ServerProgram{Path: "/usr/sbin/mariadbd"}
	for name, step := range h.Steps() {
		if step.Job == nil {
			continue
		}
		spec, err := step.Job(t.Context(), task)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		folder := h.JobFolder("0b0e2c1a-0000-4000-8000-1234567890ab", 1)
		if err := h.CreateJob(folder, spec); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(folder, specFile))
		if err != nil || strings.Contains(string(text), "s3cret") || strings.Contains(spec.Line(), "s3cret") || !strings.Contains(string(text), spec.Path) {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
}
