package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	transporttest "dbcalm-db-cmd/transport/testkit"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if socket := os.Getenv(clientSocket); socket != "" {
		os.Exit(beClient(socket))
	}
	goleak.VerifyTestMain(m)
}

// silence is how long a test listens for what must not happen.
const silence = 50 * time.Millisecond

// running is a Server that serves.
type running struct {
	server *Server
	path   string
	lines  chan map[string]any
	stop   context.CancelFunc
	ended  chan error
}

// start serves until the test is over; options may lack a path and a logger.
func start(t *testing.T, service Service, options Options) *running {
	t.Helper()
	return startAs(t, service, options, ownUID())
}

// startAs is start for a daemon that takes itself to run as the user own.
func startAs(t *testing.T, service Service, options Options, own uint32) *running {
	t.Helper()
	if options.SocketPath == "" {
		options.SocketPath = filepath.Join(transporttest.Folder(t), "db-cmd.sock")
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &running{
		path:  options.SocketPath,
		lines: make(chan map[string]any, 1000),
		stop:  stop,
		ended: make(chan error, 1),
	}
	options.Logger = zerolog.New(transporttest.LineWriter(r.lines))
	server := newServer(service, options, own)
	r.server = server
	// The clients of a test are other programs.
	server.self = -1
	if err := server.Listen(); err != nil {
		stop()
		t.Fatal(err)
	}
	go func() { r.ended <- server.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := r.wait(t); err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return r
}

// wait returns what Serve returned, as often as it is asked.
func (r *running) wait(t *testing.T) error {
	t.Helper()
	select {
	case err := <-r.ended:
		r.ended <- err
		return err
	case <-time.After(transporttest.Patience):
		t.Fatal("Serve did not return")
		return nil
	}
}

// line returns the next log line with a message.
func (r *running) line(t *testing.T, message string) map[string]any {
	t.Helper()
	deadline := time.After(transporttest.Patience)
	for {
		select {
		case line := <-r.lines:
			if line["message"] == message {
				return line
			}
		case <-deadline:
			t.Fatalf("no log line %q", message)
		}
	}
}

func dial(t *testing.T, path string) *net.UnixConn {
	t.Helper()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(transporttest.Patience)); err != nil {
		t.Fatal(err)
	}
	return conn.(*net.UnixConn)
}

// await returns what comes, and fails a test to which nothing does.
func await[T any](t *testing.T, coming <-chan T) (came T) {
	t.Helper()
	select {
	case came = <-coming:
	case <-time.After(transporttest.Patience):
		t.Fatal("it has not come to that")
	}
	return came
}

func send(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
}

// ask sends a request and returns the whole answer.
func ask(t *testing.T, path, request string) string {
	t.Helper()
	conn := dial(t, path)
	send(t, conn, request)
	return readAll(t, conn)
}

func readAll(t *testing.T, conn net.Conn) string {
	t.Helper()
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatalf("read the answer: %v (so far %q)", err, answer)
	}
	return string(answer)
}

// expectSilence fails if anything, an end included, comes within a moment.
func expectSilence(t *testing.T, conn net.Conn) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(silence)); err != nil {
		t.Fatal(err)
	}
	n, err := conn.Read(make([]byte, 1))
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("want silence, got %d bytes, %v", n, err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(transporttest.Patience)); err != nil {
		t.Fatal(err)
	}
}
