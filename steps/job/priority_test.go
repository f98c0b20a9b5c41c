package job

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/testkit"
)

// A job leaves the machine to the server: its program and every thread of its
// supervisor.
func TestJobYieldsToTheServer(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	raw, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err != nil {
		t.Fatal(err)
	}
	nice := fmt.Sprint(max(niceness(raw), jobNice))
	b := newBench(t, "nice >nice; ionice -p $$ >io; read line <\"$GATE\"")
	b.start()
	if got := b.has("nice"); got != nice {
		t.Errorf("the program's niceness is %s, want %s", got, nice)
	}
	if got := b.has("io"); got != "best-effort: prio 7" && got != "idle" {
		t.Errorf("the program's turn at the disk is %s", got)
	}
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", b.job.Identity.PID))
	if err != nil || len(threads) < 2 {
		t.Fatalf("threads of the supervisor: %v, %v", threads, err)
	}
	for _, path := range threads {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		// The niceness is the 19th field, the 17th after the name in parentheses
		// (proc_pid_stat(5)).
		_, rest, _ := strings.Cut(string(text), ") ")
		if got := strings.Fields(rest)[16]; got != nice {
			t.Errorf("%s: niceness %s, want %s", path, got, nice)
		}
	}
	b.open()
	b.wait()
}

// Whoever leads no group would change its neighbours: nothing happens.
func TestOnlyTheLeaderOfAGroupYields(t *testing.T) {
	t.Parallel()
	if unix.Getpgrp() == os.Getpid() {
		t.Skip("this test runs as the leader of its process group")
	}
	before, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err != nil {
		t.Fatal(err)
	}
	yieldToServer()
	if after, err := unix.Getpriority(unix.PRIO_PROCESS, 0); err != nil || after != before {
		t.Errorf("niceness was %d and is %d, %v", niceness(before), niceness(after), err)
	}
}
