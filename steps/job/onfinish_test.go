package job

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/steps/testkit"
)

// onFinishHost has an on_finish command that may take long.
func onFinishHost(t *testing.T, command string) *testYard {
	t.Helper()
	h := newYard(t)
	h.OnFinish, h.OnFinishTimeout = strings.ReplaceAll(command, "DIR", h.Dir), testkit.Patience
	return h
}

var anEnd = Finished{Operation: "op-1", Machine: "full_backup", Backup: "monday", Status: "failed", AskedBy: "alice (1001)",
	JSON: []byte("{\"id\": \"op-1\"}\n")}

func TestOnFinishIsTold(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "/run/notify")
	t.Setenv("DBCALM_TEST_KEPT", "yes")
	h := onFinishHost(t, `cat >DIR/json; env >DIR/env; tr '\0' ' ' </proc/$$/cmdline >DIR/line; pwd >DIR/cwd # hunter2`)
	if err := h.RunOnFinish(t.Context(), anEnd); err != nil {
		t.Fatal(err)
	}
	if got := h.Read("json"); got != string(anEnd.JSON) {
		t.Errorf("on standard input: %q", got)
	}
	environment := "\n" + h.Read("env")
	for _, line := range []string{"DBCALM_OPERATION_ID=op-1", "DBCALM_MACHINE=full_backup", "DBCALM_BACKUP_ID=monday", "DBCALM_STATUS=failed",
		"DBCALM_ASKED_BY=alice (1001)", "DBCALM_TEST_KEPT=yes"} {
		if !strings.Contains(environment, "\n"+line+"\n") {
			t.Errorf("the environment lacks %s:%s", line, environment)
		}
	}
	for _, word := range []string{"NOTIFY_SOCKET", "hunter2"} {
		if strings.Contains(environment, word) {
			t.Errorf("the environment of what the command starts has %s:%s", word, environment)
		}
	}
	if line := h.Read("line"); strings.Contains(line, "hunter2") || strings.Contains(line, "cat") {
		t.Errorf("everybody can read the command: %s", line)
	}
	if cwd := h.Read("cwd"); cwd != "/\n" {
		t.Errorf("it runs in %s", cwd)
	}
}

func TestOnFinishFails(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	for command, want := range map[string]string{
		"echo one; echo two >&2; exit 3": `on_finish ended with exit code 3 and said "two": ` +
			`try it by hand on the output of operations show op-1 --json`,
		"exit 1":                    `on_finish ended with exit code 1: try it by hand on the output of operations show op-1 --json`,
		"no-such-program":           `on_finish ended with exit code 127 and said "`,
		"kill -9 $$":                `on_finish ended with exit code 137`,
		"(":                         `on_finish ended with exit code 2 and said "`,
		"printf '%0700d' 7; exit 1": `0…": try it`,
	} {
		h := onFinishHost(t, command)
		testkit.Says(t, h.RunOnFinish(t.Context(), anEnd), want)
	}
}

func TestOnFinishHidesThePassword(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	h := onFinishHost(t, "echo password s3cret; exit 1")
	testkit.Says(t, h.RunOnFinish(t.Context(), anEnd), `and said "password ***"`)
}

// Input that is not read, output that is closed or endless, are no failures.
func TestOnFinishNeedNotListen(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	long := anEnd
	long.JSON = []byte(strings.Repeat("x", 1<<20))
	for _, command := range []string{"true", "exec <&- >&- 2>&-", "exec 0<&-; head -c 1000000 /dev/zero", "head -c 10 >DIR/head"} {
		if err := onFinishHost(t, command).RunOnFinish(t.Context(), long); err != nil {
			t.Errorf("%s: %v", command, err)
		}
	}
}

// sleepers is a command that leaves its own pid and those of a program behind
// it and one beside it in files, and then does not end.
const sleepers = `sleep 1000 & echo $! >DIR/beside; (sleep 1000; true) & echo $! >DIR/below; echo $$ >DIR/shell; echo begun >DIR/begun; `

// goneAll waits until no process of sleepers is left.
func (h *testYard) goneAll() {
	h.T.Helper()
	for _, name := range []string{"beside", "below", "shell"} {
		pid, err := strconv.Atoi(strings.TrimSpace(h.Read(name)))
		if err != nil {
			h.T.Fatal(err)
		}
		testkit.Eventually(h.T, fmt.Sprintf("%s (%d) is gone", name, pid), func() bool { return gone(pid) })
	}
}

// gone reports whether a process has ended, if only as a zombie.
func gone(pid int) bool {
	_, err := Identify(pid)
	return errors.Is(err, ErrGone)
}

func TestOnFinishIsKilledWhole(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	for name, c := range map[string]struct {
		last    string
		timeout time.Duration
		want    string
	}{
		"at the bound": {"echo waiting; wait", 3 * time.Second,
			`on_finish took longer than 3s and was killed and said "waiting": let it do less, or raise on_finish_timeout`},
		"when it is over": {"exit 0", testkit.Patience, ""},
		"when it fails":   {"exit 3", testkit.Patience, "exit code 3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := onFinishHost(t, sleepers+c.last)
			h.OnFinishTimeout = c.timeout
			begun := time.Now()
			err := h.RunOnFinish(t.Context(), anEnd)
			if c.want == "" && err != nil {
				t.Error(err)
			} else if c.want != "" {
				testkit.Says(t, err, c.want)
			}
			if took := time.Since(begun); took > testkit.Patience/2 {
				t.Errorf("it took %s", took)
			}
			h.goneAll()
		})
	}
}

func TestOnFinishEndsWhenTheDaemonStops(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	h := onFinishHost(t, sleepers+"wait")
	ctx, stop := context.WithCancelCause(t.Context())
	told := make(chan error)
	go func() { told <- h.RunOnFinish(ctx, anEnd) }()
	testkit.Eventually(t, "the command has begun", func() bool { _, err := os.Stat(filepath.Join(h.Dir, "begun")); return err == nil })
	stop(ErrStopping)
	if err := <-told; !errors.Is(err, ErrStopping) {
		t.Errorf("got %v", err)
	}
	h.goneAll()
}

// A program that has left the process group is on its own, and is not waited
// for although it holds the command's output open.
func TestOnFinishLeavesWhoHasLeft(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	h := onFinishHost(t, `setsid sh -c 'echo $$ >DIR/pid; exec sleep 1000' & until [ -s DIR/pid ]; do sleep 0.01; done`)
	if err := h.RunOnFinish(t.Context(), anEnd); err != nil {
		t.Error(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(h.Read("pid")))
	if err != nil {
		t.Fatal(err)
	}
	if gone(pid) {
		t.Error("it was killed")
	}
	p, err := os.FindProcess(pid)
	if err == nil {
		err = p.Kill()
	}
	if err != nil {
		t.Error(err)
	}
}
