package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/samples"
	"dbcalm-db-cmd/machine/api"
)

func TestWatchOneOperation(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		last api.OperationView
		code int
	}{"succeeded": {samples.Succeeded(), exitOK}, "failed": {samples.Failed(), exitFailed}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				slow := make([]any, 0, 200)
				for range 150 {
					slow = append(slow, samples.Measured())
				}
				views := append(append([]any{samples.Waiting(), samples.Waiting()}, slow...), noDaemon, test.last)
				in := newInvocation(t, &fakeDaemon{operations: samples.Operations(), views: views})
				in.screen.Now = time.Now
				in.expect(t, test.code, "operations", "watch", test.last.ID, "--socket", "/x")
				if n := strings.Count(in.stdout.String(), "47 %"); n != 1 {
					t.Errorf("in 37 s the progress was told %d times:\n%s", n, &in.stdout)
				}
				contains(t, "stdout", in.stdout.String(), "waiting for its turn", "validate → copy", "no daemon")
				if test.code == exitOK {
					contains(t, "stdout", in.stdout.String(), "full_backup of full-1 succeeded in ")
				} else {
					contains(t, "stderr", in.stderr.String(), "full_backup of full-2 failed after ", "operations show "+samples.SecondID)
				}
			})
		})
	}
}

func TestWatchAllThatIsUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		running := samples.Copying()
		running.ID = samples.ThirdID
		waiting := samples.Waiting()
		waiting.ID = samples.FourthID
		ended := samples.Failed()
		ended.ID = samples.ThirdID
		other := samples.Succeeded()
		other.ID = samples.FourthID
		in := newInvocation(t, &fakeDaemon{operations: samples.Operations()[:2], views: []any{running, waiting, ended, other}})
		in.expect(t, exitFailed, "operations", "watch", "--socket", "/x")
		contains(t, "stdout", in.stdout.String(), "full_backup of full-1  validate → copy", "full_backup of full-1 succeeded")
		contains(t, "stderr", in.stderr.String(), "full_backup of full-2 failed after ")
	})
	in := newInvocation(t, &fakeDaemon{operations: samples.Operations()[2:]})
	in.expect(t, exitOK, "operations", "watch", "--socket", "/x")
	if in.stdout.String() != "Nothing is under way.\n" {
		t.Errorf("got %q", &in.stdout)
	}
}

func TestProgressIsShown(t *testing.T) {
	t.Parallel()
	in := newInvocation(t, &fakeDaemon{views: []any{samples.Measured()}})
	in.expect(t, exitOK, "operations", "show", samples.FirstID, "--socket", "/x")
	contains(t, "stdout", in.stdout.String(), "Progress   47 %, 1.2 GiB of 2.6 GiB, 120.3 MiB/s, 12s left\n")
	in = newInvocation(t, &fakeDaemon{operations: []api.OperationSummary{samples.Measured().OperationSummary}})
	in.expect(t, exitOK, "operations", "list", "--socket", "/x")
	contains(t, "stdout", in.stdout.String(), "  copy 47 %  ")
}
