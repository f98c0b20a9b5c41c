package job

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/testkit"
	disktest "dbcalm-db-cmd/steps/testkit/disk"
)

// bench is a job whose program is a shell script. The script may wait for a
// line from the test: read line <"$GATE".
type bench struct {
	*testYard
	folder string
	job    *Running
	gate   *os.File
	shell  string
	watch  *disk.FileSystem
}

func newBench(t *testing.T, script string, change ...func(*Spec)) *bench {
	t.Helper()
	testkit.Slow(t)
	b := &bench{testYard: newYard(t)}
	b.folder = b.Folder("op", 1)
	path := filepath.Join(b.Dir, "gate")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	// Opened for both, neither this nor the program waits for the other to open
	// it.
	gate, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	b.gate = gate
	t.Cleanup(func() { _ = gate.Close() })
	spec := Spec{Path: "/bin/sh", Args: []string{"-c", "GATE='" + path + "'\ncd '" + b.Dir + "'\n" + script}, Dir: "/",
		Output: b.files, Grace: testkit.Patience}
	for _, c := range change {
		c(&spec)
	}
	b.shell, b.watch = spec.Shell, spec.Watch
	if err := b.Create(b.folder, spec); err != nil {
		t.Fatal(err)
	}
	return b
}

// launch starts the supervisor and sees to it that it does not outlive the
// test.
func (b *bench) launch() *bench {
	b.T.Helper()
	job, err := b.Launch(b.folder, b.watch)
	if err != nil {
		b.T.Fatal(err)
	}
	b.job = job
	b.T.Cleanup(func() {
		if err := job.Kill(context.Background()); err != nil && !errors.Is(err, os.ErrClosed) {
			b.T.Error(err)
		}
		job.Close()
	})
	return b
}

// start lets the program start and returns its pid.
func (b *bench) start() int {
	b.T.Helper()
	b.launch()
	pid, err := b.job.Release(b.T.Context(), b.shell)
	if err != nil {
		b.T.Fatal(err)
	}
	return pid
}

func (b *bench) open() {
	b.T.Helper()
	if _, err := fmt.Fprintln(b.gate, "go"); err != nil {
		b.T.Fatal(err)
	}
}

func (b *bench) wait() Result {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.T.Context(), testkit.Patience)
	defer cancel()
	r, err := b.job.Wait(ctx)
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(b.folder, "supervisor.log"))
		b.T.Fatalf("%v\n%s", err, log)
	}
	return r
}

// has waits until the program has made a file and returns its content.
func (b *bench) has(name string) string {
	b.T.Helper()
	var text []byte
	testkit.Eventually(b.T, "the program makes "+name, func() bool {
		var err error
		text, err = os.ReadFile(filepath.Join(b.Dir, name))
		return err == nil && strings.HasSuffix(string(text), "\n")
	})
	return strings.TrimSpace(string(text))
}

func TestResultOfAProgram(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		script string
		want   Result
	}{
		"success":   {"echo out; echo err >&2; pwd >/dev/null", Result{Tail: "out\nerr\n"}},
		"exit code": {"echo Error: no; exit 3", Result{ExitCode: 3, Tail: "Error: no\n", Complaints: []string{"Error: no"}}},
		"signal":    {"echo before; kill -SEGV $$", Result{ExitCode: -1, Signal: "SIGSEGV", Tail: "before\n"}},
		"silence":   {"exit 0", Result{}},
		"binary":    {`printf 'a\377b\a\n'`, Result{Tail: "a?b\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, test.script)
			pid := b.start()
			r := b.wait()
			if r.ExitCode != test.want.ExitCode || r.Signal != test.want.Signal || r.Tail != test.want.Tail ||
				len(r.Complaints) != len(test.want.Complaints) || r.Stopped || r.StartError != "" || r.SyncError != "" ||
				r.Ended.Before(r.Started) || time.Since(r.Started) > testkit.Patience {
				t.Errorf("got %+v, want %+v", r, test.want)
			}
			if pid == 0 {
				t.Error("the program had no pid")
			}
			if again, err := ReadResult(b.folder); err != nil || again.Tail != r.Tail {
				t.Errorf("on the disk is %+v, %v", again, err)
			}
		})
	}
}

func TestProgramThatCannotBeStarted(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*Spec){
		"missing":       func(s *Spec) { s.Path = "/nowhere/tool" },
		"no program":    func(s *Spec) { s.Path = "/etc/passwd" },
		"nowhere to be": func(s *Spec) { s.Dir = "/nowhere" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "", spoil)
			if pid := b.start(); pid != 0 {
				t.Errorf("pid %d", pid)
			}
			if r := b.wait(); r.StartError == "" || r.ExitCode != -1 || r.Tail != "" {
				t.Errorf("got %+v", r)
			}
		})
	}
}

func TestFilesThatCannotBePutOntoTheDisk(t *testing.T) {
	t.Parallel()
	b := newBench(t, "echo completed OK!", func(s *Spec) { s.Output = "/nowhere" })
	b.start()
	if r := b.wait(); r.ExitCode != 0 || !strings.Contains(r.SyncError, "/nowhere") {
		t.Errorf("got %+v", r)
	}
}

// A watch that was handed on is the one that is asked, whatever has become of the
// folder.
func TestWatchOfTheDiskIsHandedOn(t *testing.T) {
	t.Parallel()
	watch, err := disk.WatchFileSystem(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	b := newBench(t, "[ ! -e /proc/self/fd/5 ] || echo inherited", func(s *Spec) { s.Output, s.Watch = "/nowhere", watch })
	b.start()
	if r := b.wait(); r.ExitCode != 0 || r.SyncError != "" || r.Tail != "" || r.Unsynced {
		t.Errorf("got %+v", r)
	}
}

// What need not be on the disk is left to the daemon that has let the job go, and
// to no other.
func TestUnsyncedIsLeftToTheDaemonThatLives(t *testing.T) {
	t.Parallel()
	unsynced := func(s *Spec) { s.Unsynced = true }
	b := newBench(t, "exit 0", unsynced)
	b.start()
	if r := b.wait(); !r.Unsynced || r.SyncError != "" {
		t.Errorf("a daemon that lives: %+v", r)
	}
	b = newBench(t, "exit 1", unsynced)
	b.start()
	if r := b.wait(); r.Unsynced || r.ExitCode != 1 {
		t.Errorf("a program that failed: %+v", r)
	}
	b = newBench(t, `read line <"$GATE"`, unsynced)
	if out, err := exec.Command(os.Args[0], "daemon", b.StateDir, b.folder).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b.open()
	var r Result
	testkit.Eventually(t, "the job that was left ends", func() (ended bool) {
		var err error
		r, err = ReadResult(b.folder)
		return err == nil
	})
	if r.Unsynced || r.ExitCode != 0 || r.SyncError != "" {
		t.Errorf("a daemon that is gone: %+v", r)
	}
}

func TestOutputIsBounded(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	b := newBench(t, `i=0; while [ $i -lt 3000 ]; do echo "line $i of very many that are printed"; i=$((i+1)); done; echo completed OK!`)
	b.start()
	r := b.wait()
	if len(r.Tail) > tailLimit || len(r.Tail) < tailLimit/2 || !strings.HasPrefix(r.Tail, "line ") ||
		!strings.HasSuffix(r.Tail, "\ncompleted OK!\n") {
		t.Errorf("the tail has %d bytes, it begins %.50q", len(r.Tail), r.Tail)
	}
	if info, err := os.Stat(filepath.Join(b.folder, OutputFile)); err != nil || info.Size() < 3000*30 {
		t.Errorf("the log holds less than all: %v, %v", info, err)
	}
}

func TestProgramMayOpenAsManyFilesAsTheHostAllows(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	b := newBench(t, "ulimit -Sn; ulimit -Hn")
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b.Supervisor = []string{"/bin/sh", "-c", `ulimit -Sn 100; exec "$0" supervise "$1"`, program}
	b.start()
	if lines := strings.Fields(b.wait().Tail); len(lines) != 2 || lines[0] != lines[1] || lines[0] == "100" {
		t.Errorf("soft and hard limit are %q", lines)
	}
}

func TestStopSendsSIGINT(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		script string
		want   Result
	}{
		"obeyed": {`echo ready >ready; read line <"$GATE"`, Result{ExitCode: -1, Signal: "SIGINT"}},
		"handled": {`trap 'echo bye; exit 130' INT; echo ready >ready; read line <"$GATE"`,
			Result{ExitCode: 130, Tail: "bye\n"}},
		"SIGTERM is blocked, as by mariabackup": {`trap '' TERM; echo ready >ready; read line <"$GATE"`, Result{ExitCode: -1, Signal: "SIGINT"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, test.script)
			b.start()
			b.has("ready")
			for range 2 {
				if err := b.job.Stop(); err != nil {
					t.Fatal(err)
				}
			}
			if r := b.wait(); !r.Stopped || r.ExitCode != test.want.ExitCode || r.Signal != test.want.Signal || r.Tail != test.want.Tail {
				t.Errorf("got %+v, want %+v", r, test.want)
			}
			if err := b.job.Stop(); err != nil {
				t.Errorf("stopped after its end: %v", err)
			}
		})
	}
}

func TestStopSendsSIGKILLAfterTheGrace(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	b := newBench(t, `trap '' INT; echo ready >ready; read line <"$GATE"`, func(s *Spec) { s.Grace = 50 * time.Millisecond })
	b.start()
	b.has("ready")
	if err := b.job.Stop(); err != nil {
		t.Fatal(err)
	}
	if r := b.wait(); !r.Stopped || r.Signal != "SIGKILL" {
		t.Errorf("got %+v", r)
	}
}

// Only the room is missing: the result must not be.
func TestResultSurvivesAFullDisk(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	if !disktest.Enter(t) {
		return
	}
	b := newBench(t, `echo ready >ready; read line <"$GATE"; echo completed OK!`)
	spec := filepath.Join(b.folder, SpecFile)
	text, err := os.ReadFile(spec)
	if err != nil {
		t.Fatal(err)
	}
	b.StateDir = disktest.Small(t, 1<<20)
	b.folder = b.Folder("op", 1)
	testkit.Write(t, b.folder, map[string]string{SpecFile: string(text)})
	pid := b.start()
	b.has("ready")
	id, err := Identify(pid)
	if err != nil {
		t.Fatal(err)
	}
	var started Identity
	if err := disk.ReadJSON(filepath.Join(b.folder, startedFile), 16<<20, &started); err != nil || started != id {
		t.Errorf("the program is said to be %+v, %v, it is %+v", started, err, id)
	}
	program, err := id.open()
	if err != nil {
		t.Fatal(err)
	}
	free := disktest.Fill(t, b.StateDir)
	b.open()
	if err := program.wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	program.close()
	ctx, cancel := context.WithTimeout(t.Context(), resultRetry/2)
	defer cancel()
	if r, err := b.job.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("without room: %+v, %v", r, err)
	}
	free()
	if r := b.wait(); r.ExitCode != 0 || r.Tail != "completed OK!\n" {
		t.Errorf("with room: %+v", r)
	}
}

func TestStoppedSupervisorGivesUpOnAFullDisk(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	if !disktest.Enter(t) {
		return
	}
	dir := disktest.Small(t, 1<<20)
	stop := make(chan struct{})
	disktest.Fill(t, dir)
	written := make(chan struct{})
	go func() {
		defer close(written)
		writeResult(dir, Result{Tail: strings.Repeat("x", 1<<14)}, stop)
	}()
	close(stop)
	<-written
	if _, err := ReadResult(dir); !errors.Is(err, ErrNoResult) {
		t.Errorf("got %v", err)
	}
	// Nor does it go on for a folder that is gone.
	writeResult(filepath.Join(dir, "gone"), Result{}, make(chan struct{}))
}
