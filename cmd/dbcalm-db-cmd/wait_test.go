package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/samples"
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/testkit"
)

// The clock of these tests is synctest's: it jumps to the next poll.

func TestWaitForSuccess(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"backup":  {"backup", "full", "full-1"},
		"restore": {"restore", "inc-2", "--target", "folder"},
		"retry":   {"operations", "retry", samples.FirstID},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := &fakeDaemon{id: samples.FirstID, backups: samples.Backups(), decision: api.RetryDecision{State: "copy", Attempt: 2},
					views: []any{
						samples.Waiting(), samples.Waiting(), samples.Copying(), noDaemon, noDaemon, samples.Copying(), samples.Succeeded(),
					}}
				in := newInvocation(t, d)
				in.expect(t, exitOK, append(args, "--wait", "--socket", "/x")...)
				testkit.Golden(t, "wait/"+name+".txt", in.stdout.String()+"-- stderr\n"+in.stderr.String())
			})
		})
	}
}

func TestWaitForFailure(t *testing.T) {
	t.Parallel()
	cancelled := samples.Failed()
	cancelled.Status, cancelled.State, cancelled.Error = api.StatusCancelled, "cancelled", ""
	for name, view := range map[string]api.OperationView{"failed": samples.Failed(), "cancelled": cancelled} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				in := newInvocation(t, &fakeDaemon{id: samples.SecondID, views: []any{view}})
				in.expect(t, exitFailed, "backup", "full", "full-2", "--wait", "--socket", "/x")
				testkit.Golden(t, "wait/"+name+".txt", in.stdout.String()+"-- stderr\n"+in.stderr.String())
			})
		})
	}
}

func TestWaitGivesUpOnADaemonThatStaysAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in := newInvocation(t, &fakeDaemon{id: samples.FirstID, views: []any{samples.Copying(), noDaemon}})
		in.screen.Now = time.Now
		begun := time.Now()
		in.expect(t, exitUnreachable, "backup", "full", "full-1", "--wait", "--socket", "/x")
		if took := time.Since(begun); took < patience || took > patience+time.Second {
			t.Errorf("it waited for %v, want %v", took, patience)
		}
		if n := strings.Count(in.stderr.String(), "still waiting"); n != 1 {
			t.Errorf("told %d times that it waits:\n%s", n, &in.stderr)
		}
	})
}

func TestWaitEndsWhenTheOperationIsUnknown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in := newInvocation(t, &fakeDaemon{id: samples.FirstID, views: []any{samples.Copying(), refusal}})
		in.expect(t, exitRefused, "backup", "full", "full-1", "--wait", "--socket", "/x")
	})
}

func TestWaitIsInterrupted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		in := newInvocation(t, &fakeDaemon{id: samples.FirstID, views: []any{samples.Copying()}})
		time.AfterFunc(time.Minute, cancel)
		in.expectContext(ctx, t, exitInterrupted, "backup", "full", "full-1", "--wait", "--socket", "/x")
		contains(t, "stderr", in.stderr.String(), "stopped waiting; operation "+samples.FirstID+" goes on: dbcalm-db-cmd "+
			"operations show "+samples.FirstID)
	})
}

// A daemon that hangs costs a client half a minute, not its life.
func TestAskHasALimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		_, err := ask(t.Context(), func(ctx context.Context) (int, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		})
		if exitCode(err) != exitUnreachable || time.Since(begun) != answerTimeout {
			t.Errorf("after %v: %v", time.Since(begun), err)
		}
	})
	if err := daemonError(exitWith(exitUsage, errors.New("x"))); exitCode(err) != exitUsage {
		t.Errorf("an exit code was changed: %v", err)
	}
}
