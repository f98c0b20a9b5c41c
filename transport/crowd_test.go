package transport

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dbcalm-db-cmd/machine"
)

// answerTime is within which a client is answered, however many others are up
// to no good.
const answerTime = 50 * time.Millisecond

// within demands that all but one in a hundred were answered in time. The twin
// was asked as often and in between, and has no crowd: what the crowd's own work
// and others' on this machine cost, it feels too.
func within(t *testing.T, took, twin []time.Duration) {
	t.Helper()
	usual := percentile(twin, 99)
	limit := slowness*answerTime + 3*usual
	t.Logf("median %s, 99th percentile %s, longest %s; without a crowd %s, %s, %s", percentile(took, 50), percentile(took, 99),
		percentile(took, 100), percentile(twin, 50), usual, percentile(twin, 100))
	if p99 := percentile(took, 99); p99 > limit {
		t.Errorf("the 99th percentile is %s, want %s at most", p99, limit)
	}
}

func percentile(took []time.Duration, n int) time.Duration {
	slices.Sort(took)
	return took[len(took)*n/100-1]
}

// measure has so many questions asked, one every few milliseconds, and the same
// of a twin, and returns how long each took.
func measure(ask, askTwin func()) (took, twin []time.Duration) {
	ticks := time.NewTicker(8 * time.Millisecond)
	defer ticks.Stop()
	for range 200 {
		for question, list := range map[*func()]*[]time.Duration{&ask: &took, &askTwin: &twin} {
			begun := time.Now()
			(*question)()
			*list = append(*list, time.Since(begun))
		}
		<-ticks.C
	}
	return took, twin
}

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
		wait(ctx, patience)
	},
	"watching without reading": func(ctx context.Context, conn net.Conn) {
		_, _ = io.WriteString(conn, `{"cmd":"operation_watch","args":{"id":"x"}}`)
		wait(ctx, patience)
	},
}

// Whatever a thousand clients do, another one is answered, however few places
// there are, and however slowly it speaks.
func TestACrowdKeepsNobodyOut(t *testing.T) {
	if descriptorLimit() < 3*crowdSize {
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
	service.backups = func(context.Context) ([]machine.BackupView, error) {
		return []machine.BackupView{{Problem: answer}}, nil
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
		if got, ended := pythonAsk(t, server.path, goodRequest); got != goodAnswer || !ended {
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
	took, usual := measure(question(server.path), question(twin.path))
	within(t, took, usual)
}
