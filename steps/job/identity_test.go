package job

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// child is a process that ends when its standard input does.
type child struct {
	*exec.Cmd
	id Identity
	// end lets it end of its own accord.
	end func()
	// reaped is closed when it has ended and been waited for.
	reaped chan struct{}
	reap   chan struct{}
}

// startChild starts a process that is left a zombie until reap is closed.
func startChild(t *testing.T, name string, args ...string) *child {
	t.Helper()
	c := &child{Cmd: exec.Command(name, args...), reaped: make(chan struct{}), reap: make(chan struct{})}
	stdin, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.end = func() { _ = stdin.Close() }
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		started <- c.Start()
		<-c.reap
		_ = c.Wait()
		close(c.reaped)
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGKILL)
		c.letReap()
		<-c.reaped
	})
	if c.id, err = Identify(c.Process.Pid); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *child) letReap() {
	select {
	case <-c.reap:
	default:
		close(c.reap)
	}
}

func (c *child) open(t *testing.T) *handle {
	t.Helper()
	h, err := c.id.open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.close)
	return h
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	c := startChild(t, "cat")
	own, err := Identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if c.id.PID != c.Process.Pid || c.id.StartTicks < own.StartTicks || c.id.BootID != own.BootID || len(own.BootID) != 36 {
		t.Errorf("this process is %+v, its child %+v", own, c.id)
	}
	again, err := Identify(c.Process.Pid)
	if err != nil || again != c.id {
		t.Errorf("asked twice: %+v, %v, want %+v", again, err, c.id)
	}
}

// The name of a program may hold what the format of /proc/PID/stat is made of.
func TestIdentityOfAStrangeName(t *testing.T) {
	t.Parallel()
	cat, err := exec.LookPath("cat")
	if err != nil {
		t.Fatal(err)
	}
	program := t.TempDir() + "/a) Z 1 (b"
	if err := os.Symlink(cat, program); err != nil {
		t.Fatal(err)
	}
	plain, strange := startChild(t, "cat"), startChild(t, program)
	if strange.id.StartTicks < plain.id.StartTicks || strange.id.StartTicks > plain.id.StartTicks+6000 {
		t.Errorf("started after %+v: %+v", plain.id, strange.id)
	}
}

func TestOnlyTheVeryProcessIsOpened(t *testing.T) {
	t.Parallel()
	c := startChild(t, "cat")
	for name, spoil := range map[string]func(*Identity){
		"of a recycled pid":  func(id *Identity) { id.StartTicks-- },
		"of a later process": func(id *Identity) { id.StartTicks++ },
		"of another boot":    func(id *Identity) { id.BootID = "0" + id.BootID[1:] + "0" },
		"of no boot":         func(id *Identity) { id.BootID = "" },
		"not known yet":      func(id *Identity) { id.PID = 0 },
		"of nonsense":        func(id *Identity) { id.PID = -5 },
		"of no process":      func(id *Identity) { id.PID = 1 << 30 },
	} {
		id := c.id
		spoil(&id)
		if h, err := id.open(); !errors.Is(err, ErrGone) {
			t.Errorf("identity %s: %v, %v", name, h, err)
		}
		if _, err := Adopt(t.TempDir(), id); !errors.Is(err, ErrGone) {
			t.Errorf("adopt identity %s: %v", name, err)
		}
	}
	if ended, err := c.open(t).ended(); ended || err != nil {
		t.Errorf("the process is ended: %t, %v", ended, err)
	}
}

func TestZombieIsGone(t *testing.T) {
	t.Parallel()
	c := startChild(t, "cat")
	h := c.open(t)
	c.end()
	if err := h.wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile("/proc/" + strconv.Itoa(c.Process.Pid) + "/stat"); err != nil || !strings.Contains(string(text), ") Z ") {
		t.Fatalf("it is no zombie: %s, %v", text, err)
	}
	if _, err := Identify(c.Process.Pid); !errors.Is(err, ErrGone) {
		t.Errorf("identify a zombie: %v", err)
	}
	if _, err := c.id.open(); !errors.Is(err, ErrGone) {
		t.Errorf("open a zombie: %v", err)
	}
	if err := h.signal(unix.SIGKILL); err != nil {
		t.Errorf("signal a zombie: %v", err)
	}
	c.letReap()
	<-c.reaped
	if err := h.signal(unix.SIGKILL); err != nil {
		t.Errorf("signal a process that is gone: %v", err)
	}
	if ended, err := h.ended(); !ended || err != nil {
		t.Errorf("gone, but ended is %t, %v", ended, err)
	}
}

func TestWaitWakesAtTheEnd(t *testing.T) {
	t.Parallel()
	c := startChild(t, "cat")
	h := c.open(t)
	waited := make(chan error)
	go func() { waited <- h.wait(context.Background()) }()
	select {
	case err := <-waited:
		t.Fatalf("the process runs, but wait returned %v", err)
	default:
	}
	if err := h.signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-waited; err != nil {
		t.Error(err)
	}
	if err := h.wait(t.Context()); err != nil {
		t.Errorf("waited for again: %v", err)
	}
}

func TestWaitEndsWithItsContextAndCanBeRepeated(t *testing.T) {
	t.Parallel()
	c := startChild(t, "cat")
	h := c.open(t)
	why := errors.New("why")
	ctx, cancel := context.WithCancelCause(t.Context())
	waited := make(chan error)
	go func() { waited <- h.wait(ctx) }()
	cancel(why)
	if err := <-waited; !errors.Is(err, why) {
		t.Errorf("wait returned %v, want the context's cause", err)
	}
	if err := h.wait(ctx); !errors.Is(err, why) {
		t.Errorf("wait with an ended context returned %v", err)
	}
	short, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	if err := h.wait(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second wait returned %v, want its own context's end", err)
	}
	go func() { waited <- h.wait(t.Context()) }()
	c.end()
	if err := <-waited; err != nil {
		t.Errorf("a third wait: %v", err)
	}
	if ended, err := h.ended(); err != nil || !ended {
		t.Errorf("wait returned before the end: %t, %v", ended, err)
	}
}
