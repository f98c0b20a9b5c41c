package main

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/samples"
	"dbcalm-db-cmd/machine/api"
)

// offered runs what a shell runs when somebody presses the key for completion,
// and returns the words it would offer.
func offered(t *testing.T, d daemon, args ...string) []string {
	t.Helper()
	in := newInvocation(t, d)
	in.expect(t, exitOK, append([]string{"__complete", args[0], "--socket=/x"}, args[1:]...)...)
	lines := strings.Split(strings.TrimSpace(in.stdout.String()), "\n")
	// Files are never what is asked for. The last line is cobra's directive.
	if last := lines[len(lines)-1]; last != ":4" && last != ":36" {
		t.Errorf("%q: directive %s", args, last)
	}
	return lines[:len(lines)-1]
}

func TestIDsAreCompleted(t *testing.T) {
	t.Parallel()
	operations := []string{
		samples.FourthID + "\tincremental_backup of inc-3, waiting, 2025-03-01 11:59:48Z",
		samples.ThirdID + "\trestore_folder of inc-2, running, 2025-03-01 11:55:00Z",
		samples.SecondID + "\tfull_backup of full-2, failed, 2025-03-01 10:01:40Z",
		samples.FirstID + "\tfull_backup of full-1, succeeded, 2025-03-01 10:00:00Z",
	}
	for line, want := range map[string][]string{
		"operations show ":                     operations,
		"operations show 8f":                   operations[2:],
		"operations show 8f1 ":                 nil,
		"operations logs ":                     operations,
		"operations watch ":                    operations[:2],
		"operations cancel ":                   operations[:2],
		"operations retry ":                    operations[2:3],
		"operations retry 8":                   operations[2:3],
		"backup incremental new --from inc-1b": {"inc-1b\tincremental, 300.0 MiB, 2025-03-01 07:48:00Z"},
		"backup full ":                         nil,
	} {
		d := &fakeDaemon{operations: samples.Operations(), backups: samples.Backups()}
		if got := offered(t, d, strings.Split(line, " ")...); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%q offers\n%s\nwant\n%s", line, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

func TestBackupsAreCompleted(t *testing.T) {
	t.Parallel()
	d := &fakeDaemon{backups: append(samples.Backups(), api.BackupView{ID: "found", Unrecorded: true, StartTime: samples.At(0)})}
	for line, want := range map[string]string{
		"restore ":        "--target lost-1 full-1 inc-1 inc-2 inc-3 inc-1b full-2 bare",
		"restore inc-1":   "inc-1 inc-1b",
		"backups verify ": "lost-1 full-1 inc-1 inc-2 inc-3 inc-1b full-2 bare",
		"backups delete ": "lost-1 inc-3 inc-1b full-2 bare",
		"restore full-1 ": "--target",
	} {
		var got []string
		for _, word := range offered(t, d, strings.Split(line, " ")...) {
			id, _, _ := strings.Cut(word, "\t")
			got = append(got, id)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q offers %q, want %q", line, got, want)
		}
	}
}

// Without a daemon there is nothing to offer, and nothing to say in the middle
// of somebody's command line.
func TestNothingIsOfferedWithoutADaemon(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"operations", "show", "--socket", "/x", ""},
		{"backups", "delete", "--socket", "/x", ""},
		{"operations", "show", "--config", "/no/such/file.yml", ""},
	} {
		in := newInvocation(t, &fakeDaemon{err: noDaemon})
		in.expect(t, exitOK, append([]string{"__complete"}, args...)...)
		if in.stdout.String() != ":36\n" || strings.Contains(in.stderr.String(), "Error") || strings.Contains(in.stderr.String(), program) {
			t.Errorf("%q: %q, %q", args, &in.stdout, &in.stderr)
		}
	}
}

// Files are offered where one is wanted, and nowhere else. What a flag is for is
// said without the marks that its help needs.
func TestFilesAndFlagsAreCompleted(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"--config ":                           ":0\n",
		"backups list --socket ":              ":0\n",
		"config check ":                       ":4\n",
		"version ":                            ":4\n",
		"machine graph full":                  "full_backup\n:4\n",
		"operations list --lim":               "--limit\tlist at most N\n:4\n",
		"machine graph full_backup --format ": "mermaid\ndot\n:4\n",
	} {
		in := newInvocation(t, nil)
		in.expect(t, exitOK, append([]string{"__complete"}, strings.Split(line, " ")...)...)
		if got := in.stdout.String(); got != want {
			t.Errorf("%q offers %q, want %q", line, got, want)
		}
	}
}

// slowDaemon answers when its caller gives up.
type slowDaemon struct{ fakeDaemon }

func (d *slowDaemon) Operations(ctx context.Context, _ api.OperationFilter) ([]api.OperationSummary, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestCompletionDoesNotHang(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		if got := offered(t, &slowDaemon{}, "operations", "show", ""); len(got) > 0 {
			t.Errorf("offers %q", got)
		}
		if waited := time.Since(begun); waited != completionTimeout {
			t.Errorf("waited for %s", waited)
		}
	})
}
