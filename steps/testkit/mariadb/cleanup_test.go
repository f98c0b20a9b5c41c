package mariadbtest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"dbcalm-db-cmd/steps/testkit"
)

// helperVariable makes this test binary, run again, play the test whose end
// is looked at from outside.
const helperVariable = "MARIADBTEST_HELPER"

func TestHelperProcess(t *testing.T) {
	role := os.Getenv(helperVariable)
	if role == "" {
		return
	}
	s := Start(t)
	fmt.Printf("helper: %d %s\n", s.PID(), s.Dir)
	switch role {
	case "fail":
		t.Fatal("failing on purpose")
	case "pause and fail":
		s.Pause()
		t.Fatal("failing on purpose")
	case "wait":
		// Ends with the parent's end of the pipe, if nothing kills it before.
		_, _ = io.Copy(io.Discard, os.Stdin)
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"pass", "fail", "pause and fail"} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			h := startHelper(t, role)
			err := h.cmd.Wait()
			if passed := err == nil; passed != (role == "pass") {
				t.Errorf("helper ended with %v", err)
			}
			if err := syscall.Kill(h.server, 0); !errors.Is(err, syscall.ESRCH) {
				t.Errorf("server %d is there: %v", h.server, err)
			}
			if _, err := os.Stat(h.dir); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("folder %s is there: %v", h.dir, err)
			}
		})
	}
}

func TestKilledTestTakesItsServerAlong(t *testing.T) {
	t.Parallel()
	h := startHelper(t, "wait")
	// Nobody is left to remove the folder of a killed test.
	t.Cleanup(func() { os.RemoveAll(h.dir) })
	if err := h.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = h.cmd.Wait()
	awaitGone(t, h.server)
}

type helper struct {
	cmd    *exec.Cmd
	server int
	dir    string
}

// startHelper returns once the helper's server is up.
func startHelper(t *testing.T, role string) helper {
	t.Helper()
	testkit.NeedsServer(t)
	h := helper{cmd: exec.Command(os.Args[0], "-test.run=^TestHelperProcess$")}
	h.cmd.Env = append(os.Environ(), helperVariable+"="+role)
	stdin, err := h.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close() })
	stdout, err := h.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	var seen []string
	for lines.Scan() {
		seen = append(seen, lines.Text())
		if _, err := fmt.Sscanf(lines.Text(), "helper: %d %s", &h.server, &h.dir); err == nil {
			return h
		}
	}
	t.Fatalf("helper ended with %v before its server was up:\n%s", h.cmd.Wait(), strings.Join(seen, "\n"))
	return h
}

// awaitGone waits for the end of a process that is nobody's child any more.
// Whoever adopted it may leave it a zombie, which has ended.
func awaitGone(t *testing.T, pid int) {
	t.Helper()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	deadline := time.After(startLimit)
	for {
		state, err := processState(pid)
		if errors.Is(err, os.ErrNotExist) || state == 'Z' {
			return
		}
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("process %d still runs, state %c, %v", pid, state, err)
		}
	}
}
