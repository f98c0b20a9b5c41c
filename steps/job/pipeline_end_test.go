package job

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/testkit"
	disktest "dbcalm-db-cmd/steps/testkit/disk"
)

func TestStreamIsStopped(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]func(*testing.T) *streamBench{
		"to a file": func(t *testing.T) *streamBench {
			return newStreamBench(t, megabyte, `head -c 500000 "$TOOL"; echo x >ready; exec sleep 1000`, Stream{Direction: StreamOut}, "")
		},
		"to a command": func(t *testing.T) *streamBench {
			return newStreamBench(t, megabyte, `head -c 500000 "$TOOL"; exec sleep 1000`, Stream{Direction: StreamOut, Command: "forward"},
				`echo x >"$DIR/ready"; cat >/dev/null; touch "$DIR/finished"`)
		},
		"from a command": func(t *testing.T) *streamBench {
			return newStreamBench(t, megabyte, `cat >/dev/null; touch finished`, Stream{Direction: StreamIn, Command: "retrieve"},
				`head -c 500000 "$STORED"; echo x >"$DIR/ready"; exec sleep 1000`)
		},
		"while it is checked": func(t *testing.T) *streamBench {
			return newStreamBench(t, megabyte, "", Stream{Direction: StreamIn, Command: "retrieve"},
				`head -c 500000 "$STORED"; echo x >"$DIR/ready"; exec sleep 1000`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := b(t)
			b.start()
			b.has("ready")
			if err := b.job.Stop(); err != nil {
				t.Fatal(err)
			}
			if r := b.wait(); !r.Stopped || r.Fault != "" || r.Stream != nil {
				t.Errorf("got %+v", r)
			}
			if b.exists("finished") {
				t.Error("a program saw the end of a stream that had none")
			}
			b.nothingRuns()
		})
	}
}

// A process that a command leaves behind holds on to what the operation is
// about to remove, or goes on writing what is taken for nothing.
func TestNothingIsLeftBehindByACommand(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	b := newStreamBench(t, megabyte, `cat "$TOOL"`, Stream{Direction: StreamOut, Command: "forward"},
		`sleep 1000 & setsid sleep 1000 & cat >"$STORED"`)
	if r := b.done(); r.Fault != "" || r.Stream == nil {
		t.Errorf("got %+v", r)
	}
	b.nothingRuns()
}

// A process that has left the command's group holds the stream's pipe, and
// would take the end that a broken stream has there for a regular one.
func TestBrokenStreamHasNoEndForWhatLeftTheGroup(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	b := newStreamBench(t, megabyte, `head -c 500000 "$TOOL"; until [ -s ready ]; do sleep 0.01; done; exit 1`,
		Stream{Direction: StreamOut, Command: "forward"},
		`exec setsid -f -w sh -c 'echo x >"$DIR/ready"; cat >/dev/null; touch "$DIR/finished"'`)
	if r := b.done(); r.Stream != nil || r.ExitCode != 1 {
		t.Errorf("got %+v", r)
	}
	b.nothingRuns()
	if b.exists("finished") {
		t.Error("a program saw the end of a stream that had none")
	}
}

// What holds the pipe and does not read keeps nobody waiting either.
func TestStalledCommandThatLeftTheGroup(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	b := newStreamBench(t, 8*megabyte, `cat "$TOOL"`, Stream{Direction: StreamOut, Command: "forward", StallTimeout: blocked},
		`setsid -f -w sleep 1000`)
	if r := b.done(); r.Stream != nil || !strings.Contains(r.Fault, "forward has taken nothing for 1s (stall_timeout)") {
		t.Errorf("got %+v", r)
	}
	b.nothingRuns()
}

func TestCommandDiesWithTheSupervisor(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	b := newStreamBench(t, 8*megabyte, `cat "$TOOL"; exec sleep 1000`, Stream{Direction: StreamOut, Command: "forward"},
		`(echo x >"$DIR/ready"; trap "" TERM INT; while :; do sleep 0.01; done) & setsid sleep 1000`)
	b.start()
	b.has("ready")
	if err := unix.Kill(b.job.Identity.PID, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	if r, err := b.job.Wait(ctx); !errors.Is(err, ErrNoResult) {
		t.Errorf("got %+v, %v", r, err)
	}
	b.nothingRuns()
}

// A command may hold a password, and all the world reads command lines.
func TestCommandIsNoPublicKnowledge(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	b := newStreamBench(t, megabyte, `cat "$TOOL"`, Stream{Direction: StreamOut, Command: "forward"},
		`: s3cret; tr '\0' '\n' </proc/$$/cmdline >"$DIR/line"; env >"$DIR/environment"; cat >/dev/null`)
	if r := b.done(); r.Fault != "" {
		t.Fatalf("got %+v", r)
	}
	for name, text := range testkit.Tree(t, b.Dir) {
		if name != "tool" && strings.Contains(text, "s3cret") {
			t.Errorf("%s holds it: %s", name, text)
		}
	}
	if text, err := os.ReadFile(filepath.Join(b.Dir, "environment")); err != nil || !strings.Contains(string(text), "STORED=") {
		t.Errorf("the environment is %q, %v", text, err)
	}
}

func TestStreamFillsTheDisk(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	if !disktest.Enter(t) {
		return
	}
	b := newStreamBench(t, 8*megabyte, `cat "$TOOL"; exec sleep 1000`, Stream{Direction: StreamOut}, "")
	var spec Spec
	if err := disk.ReadJSON(filepath.Join(b.folder, SpecFile), 16<<20, &spec); err != nil {
		t.Fatal(err)
	}
	spec.Stream.File = filepath.Join(disktest.Small(t, 2*megabyte), "b.xbstream")
	if err := b.Create(b.folder, spec); err != nil {
		t.Fatal(err)
	}
	full := "b.xbstream could not be written: write " + spec.Stream.File + ": no space left on device: " +
		"the disk is full: free space or make it larger, then try again"
	if r := b.done(); r.Fault != full || r.Stream != nil {
		t.Errorf("got %+v", r)
	}
	b.nothingRuns()
}

// A program that must find its folder empty gets a new one.
func TestOutputIsEmptied(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	b := newBench(t, "ls -A files; echo new >files/new", func(s *Spec) { s.Empty = true })
	testkit.Write(t, b.files, map[string]string{"left": "", "sub/left": ""})
	b.start()
	if r := b.wait(); r.Tail != "" || r.ExitCode != 0 {
		t.Errorf("got %+v", r)
	}
	if got := testkit.Tree(t, b.files); len(got) != 1 || got["new"] != "new\n" {
		t.Errorf("the folder holds %v", got)
	}
}

func TestProgressOfAStreamIsTold(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	b := newStreamBench(t, megabyte, `cat "$TOOL"; read line <"$TOOL.gate"`, Stream{Direction: StreamOut, StallTimeout: time.Second}, "")
	if err := unix.Mkfifo(b.tool+".gate", 0o600); err != nil {
		t.Fatal(err)
	}
	gate, err := os.OpenFile(b.tool+".gate", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer gate.Close()
	b.start()
	testkit.Eventually(t, "all is counted", func() bool {
		p, found := ReadProgress(b.folder)
		return found && p.Plain >= megabyte && !p.At.IsZero()
	})
	if _, err := gate.WriteString("go\n"); err != nil {
		t.Fatal(err)
	}
	if r := b.wait(); r.Fault != "" || r.Stream == nil {
		t.Errorf("got %+v", r)
	}
}

// Which of the two ends is told of first is chance.
func TestFailureOfRetrieveIsNamedWhicheverEndComesFirst(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	close(ended)
	p := &pipeline{
		shell: &program{name: "retrieve", ended: ended, exitCode: 127},
		carry: &carrier{Stream: Stream{Direction: StreamIn, Command: "retrieve"}, ended: ended, err: errNotStored},
	}
	p.carryEnded()
	if p.fault != "retrieve failed with exit code 127" {
		t.Errorf("the fault is %q", p.fault)
	}
}

func TestListThatCannotBeWrittenIsNobodysFault(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	b := newStreamBench(t, 1<<20, `cat "$TOOL"`, Stream{Direction: StreamOut}, "")
	var spec Spec
	if err := disk.ReadJSON(filepath.Join(b.folder, SpecFile), 16<<20, &spec); err != nil {
		t.Fatal(err)
	}
	spec.Stream.Contents = "/proc/none/contents.json"
	if err := b.Create(b.folder, spec); err != nil {
		t.Fatal(err)
	}
	if r := b.done(); r.Stream != nil ||
		!strings.HasPrefix(r.Fault, "the list of what the stream holds could not be written: open /proc/none") {
		t.Errorf("got %+v", r)
	}
}
