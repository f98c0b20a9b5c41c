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

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/testkit"
)

func TestNothingRunsBeforeItIsReleased(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	b := newBench(t, "echo ran >ran").launch()
	id := b.job.Identity
	if _, err := id.open(); err != nil {
		t.Fatalf("the supervisor does not wait: %v", err)
	}
	// What the death of the daemon does.
	if err := b.job.gate.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	if r, err := b.job.Wait(ctx); !errors.Is(err, ErrNoResult) {
		t.Errorf("got %+v, %v", r, err)
	}
	if _, err := os.Stat(filepath.Join(b.Dir, "ran")); !os.IsNotExist(err) {
		t.Errorf("the program ran: %v", err)
	}
	log, err := os.ReadFile(filepath.Join(b.folder, "supervisor.log"))
	if err != nil || !strings.Contains(string(log), "the daemon ended before it let the job go") {
		t.Errorf("its log: %s, %v", log, err)
	}
}

func TestSupervisorWithoutASpecEnds(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	b := newBench(t, "")
	if err := os.Remove(filepath.Join(b.folder, SpecFile)); err != nil {
		t.Fatal(err)
	}
	b.launch()
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	if err := b.job.process.wait(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := b.job.Release(ctx, ""); err == nil {
		t.Error("a supervisor that is gone was released")
	}
	if _, err := b.job.Wait(ctx); !errors.Is(err, ErrNoResult) {
		t.Errorf("got %v", err)
	}
	if err := os.RemoveAll(b.folder); err != nil {
		t.Fatal(err)
	}
	_, err := b.Launch(b.folder, nil)
	testkit.Says(t, err, "start supervisor: open "+b.folder)
	b.Supervisor = []string{"/nowhere/program"}
	if err := os.MkdirAll(b.folder, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err = b.Launch(b.folder, nil)
	testkit.Says(t, err, "start supervisor: fork/exec /nowhere/program")
}

// A new daemon knows of a job what the database and its folder say.
func TestJobIsAdopted(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	b := newBench(t, `echo ready >ready; read line <"$GATE"; echo done`)
	b.start()
	b.has("ready")
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", b.job.Identity.PID))
	if err != nil || string(name) != supervisorName+"\n" {
		t.Errorf("ps calls the supervisor %q, %v", name, err)
	}
	adopted, err := Adopt(b.folder, b.job.Identity)
	if err != nil {
		t.Fatal(err)
	}
	defer adopted.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(ErrStopping)
	if _, err := adopted.Wait(ctx); !errors.Is(err, ErrStopping) {
		t.Errorf("wait: %v", err)
	}
	b.open()
	ctx, stop := context.WithTimeout(t.Context(), testkit.Patience)
	defer stop()
	if r, err := adopted.Wait(ctx); err != nil || r.Tail != "done\n" || r.ExitCode != 0 {
		t.Errorf("got %+v, %v", r, err)
	}
	if _, err := Adopt(b.folder, b.job.Identity); !errors.Is(err, ErrGone) {
		t.Errorf("adopted after its end: %v", err)
	}
	adopted.Close()
}

func TestProgramDiesWithItsSupervisor(t *testing.T) {
	t.Parallel()
	for name, kill := range map[string]func(b *bench) error{
		"killed by somebody": func(b *bench) error { return unix.Kill(b.job.Identity.PID, unix.SIGKILL) },
		"killed by us":       func(b *bench) error { return b.job.Kill(context.Background()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, `trap '' INT TERM HUP; echo $$ >ready; read line <"$GATE"; echo survived >survived`)
			pid := b.start()
			if said := b.has("ready"); said != strconv.Itoa(pid) {
				t.Errorf("the program's pid is %s, said to be %d", said, pid)
			}
			program, err := Identify(pid)
			if err != nil {
				t.Fatal(err)
			}
			if err := kill(b); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
			defer cancel()
			if r, err := b.job.Wait(ctx); !errors.Is(err, ErrNoResult) {
				t.Errorf("got %+v, %v", r, err)
			}
			if _, err := program.open(); !errors.Is(err, ErrGone) {
				t.Errorf("the program is there: %v", err)
			}
		})
	}
}

func TestReleaseDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	b := newBench(t, "exit 0").launch()
	if err := unix.Kill(b.job.Identity.PID, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if pid, err := b.job.Release(ctx, ""); pid != 0 || err != nil {
		t.Errorf("got %d, %v", pid, err)
	}
	if err := unix.Kill(b.job.Identity.PID, unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if r := b.wait(); r.ExitCode != 0 {
		t.Errorf("got %+v", r)
	}
}

func TestEndOrphan(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	dir := t.TempDir()
	if err := EndOrphan(t.Context(), dir); err != nil {
		t.Errorf("nothing was started: %v", err)
	}
	orphan, stranger := startChild(t, "cat"), startChild(t, "cat")
	recycled := stranger.id
	recycled.StartTicks--
	rebooted := stranger.id
	rebooted.BootID = "another"
	for _, id := range []Identity{orphan.id, orphan.id, recycled, rebooted} {
		if err := disk.WriteJSON(filepath.Join(dir, startedFile), id); err != nil {
			t.Fatal(err)
		}
		if err := EndOrphan(t.Context(), dir); err != nil {
			t.Errorf("%+v: %v", id, err)
		}
	}
	if _, err := orphan.id.open(); !errors.Is(err, ErrGone) {
		t.Errorf("the orphan: %v", err)
	}
	if ended, err := stranger.open(t).ended(); ended || err != nil {
		t.Errorf("a stranger was killed: %t, %v", ended, err)
	}
	testkit.Write(t, dir, map[string]string{startedFile: "{"})
	testkit.Says(t, EndOrphan(t.Context(), dir), "read "+filepath.Join(dir, startedFile))
}
