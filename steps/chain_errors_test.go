package steps

import (
	"os"
	"testing"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/testkit"
	storetest "dbcalm-db-cmd/steps/testkit/store"
	"dbcalm-db-cmd/steps/tool"
)

func TestFailedProgramIsBlamedOnTheBackup(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	h := twoLinks(t)
	task := h.restoreTask("full", "inc")
	h.Must(os.MkdirAll(task.Data.Placement.Stage, 0o700))
	for _, test := range []struct {
		result job.Result
		damage bool
	}{
		{job.Result{ExitCode: 1, Tail: "page corruption"}, true},
		{job.Result{ExitCode: 0, Tail: "not completed"}, true},
		{job.Result{StartError: "no such file"}, false},
		{job.Result{Stopped: true, ExitCode: 130}, false},
		{job.Result{Signal: "SIGKILL", ExitCode: -1}, false},
		{job.Result{SyncError: "input/output error"}, false},
		{job.Result{Fault: "it hangs"}, false},
		{job.Result{ExitCode: 1, Tail: "write: No space left on device\nfailed"}, false},
		{job.Result{ExitCode: 1, Tail: "failed", Complaints: []string{"Error: Too many open files"}}, false},
	} {
		failure := &tool.Error{Summary: "it failed"}
		err := h.restores().blameRun(task, test.result, failure)
		if !test.damage {
			if err != error(failure) || failure.Summary != "it failed" {
				t.Errorf("%+v: %v", test.result, err)
			}
			continue
		}
		// Which link it stumbled over says little; the chain's last one can be tried
		// again.
		if d := storetest.Blamed(t, err); d.Backup != "inc" || d.Level != persistence.LevelPrepare ||
			d.Error() != "it failed; use another chain" {
			t.Errorf("%+v: %+v", test.result, d)
		}
	}
}
