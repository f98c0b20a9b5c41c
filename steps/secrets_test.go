package steps

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/boot"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/testkit"
)

// The programs of a stream print, too, and what they print is told as it is.
func TestResultIsRedacted(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.WriteCredentials("[client-dbcalm]\nuser=backup\npassword=s3cret\n")
	r := h.Jobs.RedactResult(job.Result{Tail: "a s3cret", ShellTail: "b s3cret", Fault: "c s3cret", Complaints: []string{"d s3cret"}})
	err := proveStream("unpack backup 'full'", "mbstream", r)
	if text := err.Error() + strings.Join(r.Complaints, ""); strings.Contains(text, "s3cret") || strings.Count(text, "***") != 4 {
		t.Errorf("got %s", text)
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
	task.Args.ID, task.Args.FromBackupID, task.Data.Work = "new", "inc", filepath.Join(h.Store.PartialDir(), "op-1")
	task.Data.Tool, task.Data.Server = &mariabackup, &server.Info{DataDir: h.Server.DataDir}
	task.Data.ServerProgram = &boot.Program{Path: "/usr/sbin/mariadbd"}
	// Those of a restore watch the disk of their stage.
	h.Must(os.MkdirAll(task.Data.Placement.Stage, 0o700))
	for name, step := range h.Steps() {
		if step.Job == nil {
			continue
		}
		spec, err := step.Job(t.Context(), task)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		folder := h.Jobs.Folder("0b0e2c1a-0000-4000-8000-1234567890ab", 1)
		if err := h.Jobs.Create(folder, spec); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(folder, job.SpecFile))
		if err != nil || strings.Contains(string(text), "s3cret") || strings.Contains(spec.Line(), "s3cret") ||
			!strings.Contains(string(text), spec.Path) {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
}
