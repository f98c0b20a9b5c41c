package transport

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/testkit"
	transporttest "dbcalm-db-cmd/transport/testkit"
)

// crowd keeps so many clients connected that do what act does, and connect
// again when they are shut out, until the function it returns is called.
func crowd(t *testing.T, path string, act func(ctx context.Context, conn net.Conn)) (disperse func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var clients, there sync.WaitGroup
	there.Add(crowdSize)
	for range crowdSize {
		clients.Go(func() {
			came := sync.OnceFunc(there.Done)
			defer came()
			for ctx.Err() == nil {
				conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
				if err != nil {
					if ctx.Err() == nil {
						t.Errorf("connect: %v", err)
					}
					return
				}
				came()
				end := context.AfterFunc(ctx, func() { _ = conn.Close() })
				act(ctx, conn)
				end()
				_ = conn.Close()
				wait(ctx, 2*time.Second+rand.N(2*time.Second))
			}
		})
	}
	there.Wait()
	return func() {
		stop()
		clients.Wait()
	}
}

// untilShutOut reads until the daemon has enough of it.
func untilShutOut(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// overlook has the log lines of a server thrown away. It is called before the
// server is started, so as to end after it.
func overlook(t *testing.T) func(lines <-chan map[string]any) {
	t.Helper()
	over := make(chan struct{})
	var reading sync.WaitGroup
	t.Cleanup(func() {
		close(over)
		reading.Wait()
	})
	return func(lines <-chan map[string]any) {
		reading.Go(func() {
			for {
				select {
				case <-lines:
				case <-over:
					return
				}
			}
		})
	}
}

var crowds = map[string]func(context.Context, net.Conn){
	"half open": func(_ context.Context, conn net.Conn) {
		_, _ = io.WriteString(conn, `{"cmd":`)
		untilShutOut(conn)
	},
	"silent": func(_ context.Context, conn net.Conn) { untilShutOut(conn) },
	"a byte a second": func(ctx context.Context, conn net.Conn) {
		for _, letter := range goodRequest {
			if _, err := io.WriteString(conn, string(letter)); err != nil || !wait(ctx, time.Second) {
				return
			}
		}
	},
	"never reading": func(ctx context.Context, conn net.Conn) {
		_, _ = io.WriteString(conn, `{"cmd":"backup_list"}`)
		wait(ctx, transporttest.Patience)
	},
	"watching without reading": func(ctx context.Context, conn net.Conn) {
		_, _ = io.WriteString(conn, `{"cmd":"operation_watch","args":{"id":"x"}}`)
		wait(ctx, transporttest.Patience)
	},
}

// Whatever a thousand clients do, another one is answered, however few places
// there are, and however slowly it speaks.
func TestACrowdKeepsNobodyOut(t *testing.T) {
	testkit.Slow(t)
	if descriptors() < 3*crowdSize {
		t.Fatalf("this test needs %d descriptors: raise the limit (ulimit -n)", 3*crowdSize)
	}
	for name, act := range crowds {
		t.Run(name, func(t *testing.T) { withstand(t, 0, act) })
	}
	t.Run("half open, few places", func(t *testing.T) { withstand(t, 128, crowds["half open"]) })
	t.Run("never reading, few places", func(t *testing.T) { withstand(t, 128, crowds["never reading"]) })
}

func withstand(t *testing.T, places int, act func(context.Context, net.Conn)) {
	// More than a socket holds.
	answer := strings.Repeat("x", 300<<10)
	service := newWatched()
	service.backups = func(context.Context) ([]api.BackupView, error) {
		return []api.BackupView{{Problem: answer}}, nil
	}
	overlooked := overlook(t)
	server := start(t, service, Options{MaxConnections: places, WatchInterval: 10 * time.Millisecond})
	overlooked(server.lines)
	twin := start(t, service, Options{})
	overlooked(twin.lines)
	question := func(path string) func() {
		return func() {
			if got := ask(t, path, goodRequest); got != goodAnswer {
				t.Errorf("got %s", got)
			}
		}
	}
	defer crowd(t, server.path, act)()
	var others sync.WaitGroup
	defer others.Wait()
	others.Go(func() {
		got, ended := pythonAsk(t, server.path, goodRequest)
		// It makes a pause between its connection and its request: where places are
		// few, a crowd of its own user's may be quicker, and it is told to come again.
		for tries := 1; places != 0 && strings.Contains(got, "try again later") && tries < 5; tries++ {
			got, ended = pythonAsk(t, server.path, goodRequest)
		}
		if got != goodAnswer || !ended {
			t.Errorf("the Python client got %q", got)
		}
	})
	// Where places are few, the idlest of a crowd of its own user's is whoever
	// makes pauses.
	if places == 0 {
		others.Go(func() {
			conn := dial(t, server.path)
			for _, piece := range []string{goodRequest[:15], goodRequest[15:40]} {
				send(t, conn, piece)
				expectSilence(t, conn)
			}
			send(t, conn, goodRequest[40:])
			if got := readAll(t, conn); got != goodAnswer {
				t.Errorf("a request in pieces got %q", got)
			}
		})
	}
	took, usual := transporttest.Measure(question(server.path), question(twin.path))
	transporttest.Within(t, took, usual)
}

// descriptors returns how many this process may have.
func descriptors() uint64 {
	var limit unix.Rlimit
	_ = unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)
	return limit.Cur
}
