package main

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/samples"
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/testkit"
)

// verification is how an operation that verifies a backup ends.
func verification(backup, status, failure string) api.OperationView {
	return api.OperationView{
		OperationSummary: api.OperationSummary{ID: samples.FirstID, Machine: "verify_backup", Backup: backup, State: "done",
			Status: status, Attempt: 1,
			Error: failure, CreatedAt: samples.At(0), StartedAt: new(samples.At(0)), FinishedAt: new(samples.At(2))},
		Transitions: []api.TransitionView{{Seq: 1, From: "record", Event: "ok", To: "done", Attempt: 1, At: samples.At(2), Reason: "told"}},
	}
}

func TestVerifyWaitsForItsEnd(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want api.VerifyRequest
	}{
		{nil, api.VerifyRequest{ID: "inc-2", Level: "checksum"}},
		{[]string{"--level", "boot", "--request-id", "r"}, api.VerifyRequest{ID: "inc-2", Level: "boot", RequestID: "r"}},
	} {
		d := &fakeDaemon{id: samples.FirstID, views: []any{verification("inc-2", "succeeded", "")}}
		in := newInvocation(t, d)
		in.expect(t, exitOK, append([]string{"backups", "verify", "inc-2", "--socket", "/x"}, c.args...)...)
		if len(d.asked) == 0 || !reflect.DeepEqual(d.asked[0], c.want) {
			t.Errorf("asked %+v, want %+v first", d.asked, c.want)
		}
		if want := samples.FirstID + "\nverify_backup of inc-2 succeeded in 2s\n"; in.stdout.String() != want {
			t.Errorf("stdout %q, want %q", in.stdout.String(), want)
		}
		contains(t, "stderr", in.stderr.String(), "record → done: told\n")
	}
}

func TestVerifyThatFails(t *testing.T) {
	t.Parallel()
	d := &fakeDaemon{id: samples.FirstID, views: []any{verification("inc-2", "failed", "backup 'inc-2' is damaged: file x is missing")}}
	in := newInvocation(t, d)
	in.expect(t, exitFailed, "backups", "verify", "inc-2", "--socket", "/x")
	contains(t, "stderr", in.stderr.String(), "verify_backup of inc-2 failed after 2s: backup 'inc-2' is damaged: file x is missing\nSee ")
}

func TestVerifyWithoutWaiting(t *testing.T) {
	t.Parallel()
	d := &fakeDaemon{id: samples.FirstID}
	in := newInvocation(t, d)
	in.expect(t, exitOK, "backups", "verify", "inc-2", "--wait=false", "--socket", "/x")
	if !reflect.DeepEqual(d.asked, []any{api.VerifyRequest{ID: "inc-2", Level: "checksum"}}) {
		t.Errorf("asked %v", d.asked)
	}
	contains(t, "stderr", in.stderr.String(), "Accepted. See how it goes: ")
}

// asked are the requests of one kind that a daemon got.
func askedFor[T any](d *fakeDaemon) (list []T) {
	for _, question := range d.asked {
		if request, is := question.(T); is {
			list = append(list, request)
		}
	}
	return list
}

func TestVerifyAll(t *testing.T) {
	t.Parallel()
	backups := append(samples.Backups(), api.BackupView{ID: "lost-2", FromBackupID: "full-2", StartTime: samples.At(-1), Unrecorded: true})
	d := &fakeDaemon{id: samples.FirstID, backups: backups, views: []any{verification("x", "succeeded", "")}}
	in := newInvocation(t, d)
	in.expect(t, exitOK, "backups", "verify", "--all", "--level", "files", "--socket", "/x")
	var ids []string
	for _, r := range askedFor[api.VerifyRequest](d) {
		if r.Level != "files" {
			t.Errorf("asked %+v", r)
		}
		ids = append(ids, r.ID)
	}
	if got, want := strings.Join(ids, " "), "lost-1 inc-3 inc-1b full-2 bare"; got != want {
		t.Errorf("verified %s, want %s", got, want)
	}
	contains(t, "stderr", in.stderr.String(), "lost-2 is not verified: its folder is there, its record is lost\n", "inc-3 (2 of 5)\n")
	contains(t, "stdout", in.stdout.String(), "5 chains verified at level files\n")
}

func TestVerifyAllTellsOfFailures(t *testing.T) {
	t.Parallel()
	d := &fakeDaemon{id: samples.FirstID, backups: samples.Backups()[:2], views: []any{
		verification("a", "failed", "backup 'a' is damaged"), verification("b", "succeeded", ""),
	}}
	in := newInvocation(t, d)
	in.expect(t, exitFailed, "backups", "verify", "--all", "--socket", "/x")
	contains(t, "stderr", in.stderr.String(), "verify_backup of a failed after 2s: backup 'a' is damaged\n", "1 of 2 verifications failed: ")
	if n := len(askedFor[api.VerifyRequest](d)); n != 2 {
		t.Errorf("%d were asked for, want both", n)
	}

	d = &fakeDaemon{backups: samples.Backups(), err: refusal}
	in = newInvocation(t, &listingDaemon{d})
	in.expect(t, exitFailed, "backups", "verify", "--all", "--socket", "/x")
	contains(t, "stderr", in.stderr.String(), "refused: ", "5 of 5 verifications failed")

	d = &fakeDaemon{backups: samples.Backups(), err: noDaemon}
	in = newInvocation(t, &listingDaemon{d})
	in.expect(t, exitUnreachable, "backups", "verify", "--all", "--socket", "/x")
	if n := len(askedFor[api.VerifyRequest](d)); n != 1 {
		t.Errorf("without a daemon, %d were asked for", n)
	}
}

// listingDaemon lists backups and fails in all else.
type listingDaemon struct{ *fakeDaemon }

func (l *listingDaemon) Backups(context.Context) ([]api.BackupView, error) { return l.backups, nil }

func TestVerifyAllOfNothing(t *testing.T) {
	t.Parallel()
	in := newInvocation(t, &fakeDaemon{})
	in.expect(t, exitOK, "backups", "verify", "--all", "--socket", "/x")
	contains(t, "stdout", in.stdout.String(), "0 chains verified")
}

func TestVerifyUsage(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"":                             "name the backup to verify: one ID of backups list, or --all for all of them",
		"a b":                          "name the backup to verify",
		"a --all":                      "name a backup or give --all, not both",
		"a --level deep":               `unknown level "deep": use files or checksum or prepare or boot`,
		"--all --request-id r":         "--request-id names one request, and --all sends many",
		"a --request-id=":              "--request-id is empty",
		"a --level boot --all=false b": "name the backup to verify",
	} {
		in := newInvocation(t, nil)
		in.expect(t, exitUsage, append([]string{"backups", "verify"}, strings.Fields(line)...)...)
		contains(t, "stderr", in.stderr.String(), want)
	}
}

func TestListShowsWhatIsProved(t *testing.T) {
	t.Parallel()
	backups := samples.Backups()
	backups[0].Verified = &api.VerifiedView{Level: "boot", At: samples.At(0)}
	backups[1].Problem = "failed checksum on 2025-03-01 11:00:00: file x is damaged"
	in := newInvocation(t, &fakeDaemon{backups: backups})
	in.expect(t, exitOK, "backups", "list", "--socket", "/x")
	testkit.Golden(t, "backups/list_verified.txt", in.stdout.String())
}
