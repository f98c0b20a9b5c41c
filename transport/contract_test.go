package transport

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/testkit"
)

const (
	goodRequest = `{"cmd": "full_backup", "args": {"id": "b1", "schedule_id": null}}`
	goodAnswer  = `{"code":202,"status":"Accepted","id":"` + anOperation + `"}`
)

// pythonAsk does what the Python client does: it sends, then reads 16 bytes
// at a time until 0.2 s of silence after some data or the end of the stream,
// and gives up 5 s after sending.
func pythonAsk(t *testing.T, path, request string) (answer string, ended bool) {
	t.Helper()
	conn := dial(t, path)
	defer func() { _ = conn.Close() }()
	send(t, conn, request)
	giveUp := time.Now().Add(5 * time.Second)
	var read []byte
	for time.Now().Before(giveUp) {
		if err := conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		piece := make([]byte, 16)
		n, err := conn.Read(piece)
		read = append(read, piece[:n]...)
		switch {
		case errors.Is(err, io.EOF):
			return string(read), true
		case errors.Is(err, os.ErrDeadlineExceeded) && len(read) > 0:
			return string(read), false
		case err != nil && !errors.Is(err, os.ErrDeadlineExceeded):
			t.Fatal(err)
		}
	}
	return string(read), false
}

func TestThePythonClient(t *testing.T) {
	t.Parallel()
	server := start(t, &fakeService{}, Options{})
	for request, want := range map[string]string{
		goodRequest:                          goodAnswer,
		`{"cmd": "full_backup", "args": {}}`: `{"code":400,"status":"Bad Request","message":"Missing required argument: id"}`,
	} {
		answer, ended := pythonAsk(t, server.path, request)
		if answer != want || !ended {
			t.Errorf("%s: %s, end of stream %v", request, answer, ended)
		}
	}
}

// The Go API client reads once, 4,096 bytes.
func TestTheSingleReadClient(t *testing.T) {
	t.Parallel()
	server := start(t, &fakeService{}, Options{})
	for request, want := range map[string]string{
		goodRequest: goodAnswer,
		`{"cmd":"` + strings.Repeat("x", 100_000) + `"}`: "",
	} {
		conn := dial(t, server.path)
		send(t, conn, request)
		answer := make([]byte, 4096)
		n, err := conn.Read(answer)
		if err != nil {
			t.Fatal(err)
		}
		if want != "" && string(answer[:n]) != want {
			t.Errorf("got %s", answer[:n])
		}
		if rest := readAll(t, conn); rest != "" {
			t.Errorf("after the first read came %q", rest)
		}
	}
}

func TestARequestInThreePieces(t *testing.T) {
	t.Parallel()
	server := start(t, &fakeService{}, Options{})
	conn := dial(t, server.path)
	for _, piece := range []string{`{"cmd": "full_ba`, `ckup", "args": {"id": "b1"`} {
		send(t, conn, piece)
		expectSilence(t, conn)
	}
	send(t, conn, `}}`)
	if got := readAll(t, conn); got != goodAnswer {
		t.Errorf("got %s", got)
	}
}

func TestBytesAfterTheObjectAreIgnored(t *testing.T) {
	t.Parallel()
	server := start(t, &fakeService{}, Options{})
	conn := dial(t, server.path)
	send(t, conn, goodRequest+"\n")
	answer := make([]byte, len(goodAnswer))
	if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != goodAnswer {
		t.Fatalf("got %s, %v", answer, err)
	}
	// Even now: the client may still be writing when the answer is there.
	send(t, conn, "\n{}\n")
	if rest := readAll(t, conn); rest != "" {
		t.Errorf("more than one answer: %q", rest)
	}
}

func TestAHalfCloseIsNoHarm(t *testing.T) {
	t.Parallel()
	server := start(t, &fakeService{}, Options{})
	for request, want := range map[string]string{
		goodRequest:      goodAnswer,
		goodRequest[:20]: `{"code":400,"status":"Bad Request","message":"request ended before its JSON object was complete"}`,
		" ":              `{"code":400,"status":"Bad Request","message":"request ended before its JSON object was complete"}`,
		"":               "",
	} {
		conn := dial(t, server.path)
		send(t, conn, request)
		if err := conn.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if got := readAll(t, conn); got != want {
			t.Errorf("%q: got %s", request, got)
		}
	}
}

func TestNothingSentIsNoError(t *testing.T) {
	t.Parallel()
	server := start(t, &fakeService{}, Options{})
	if err := dial(t, server.path).Close(); err != nil {
		t.Fatal(err)
	}
	if line := server.line(t, "client left without a request"); line["level"] != "debug" {
		t.Errorf("log line: %v", line)
	}
}

func TestATooSlowRequest(t *testing.T) {
	t.Parallel()
	server := start(t, &fakeService{}, Options{RequestTimeout: 20 * time.Millisecond})
	for _, request := range []string{"", `{"cmd":`} {
		const want = `{"code":400,"status":"Bad Request","message":"request took too long: no complete JSON object within 20ms"}`
		if got := ask(t, server.path, request); got != want {
			t.Errorf("%q: got %s", request, got)
		}
	}
}

// A sender of too much is still in its write when the daemon has seen enough.
func TestATooLargeRequest(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	server := start(t, &fakeService{}, Options{})
	const tooBig = `{"code":400,"status":"Bad Request","message":"request is larger than 1048576 bytes"}`
	for name, test := range map[string]struct{ request, want string }{
		"object":   {`{"cmd":"` + strings.Repeat("x", 20<<20) + `"}`, tooBig},
		"spaces":   {strings.Repeat(" ", 2<<20) + goodRequest, tooBig},
		"by one":   {strings.Repeat(" ", requestLimit-len(goodRequest)+1) + goodRequest, tooBig},
		"just not": {strings.Repeat(" ", requestLimit-len(goodRequest)) + goodRequest, goodAnswer},
		"garbage": {strings.Repeat("x", 20<<20),
			`{"code":400,"status":"Bad Request","message":"request is not a JSON object: it starts with \"x\""}`},
		"tail": {goodRequest + strings.Repeat("x", 20<<20), goodAnswer},
	} {
		if got := ask(t, server.path, test.request); got != test.want {
			t.Errorf("%s: got %.200s", name, got)
		}
	}
}

func TestFiftyClientsAtOnce(t *testing.T) {
	t.Parallel()
	server := start(t, &fakeService{}, Options{})
	var clients sync.WaitGroup
	for range 50 {
		clients.Go(func() {
			conn, err := net.Dial("unix", server.path)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = conn.Close() }()
			if _, err := io.WriteString(conn, goodRequest); err != nil {
				t.Error(err)
			}
			if answer, err := io.ReadAll(conn); err != nil || string(answer) != goodAnswer {
				t.Errorf("got %s, %v", answer, err)
			}
		})
	}
	clients.Wait()
}

// The answer comes in one write: on a socket that keeps the borders of
// messages, the handler's answer is one message.
func TestTheAnswerIsOneWrite(t *testing.T) {
	t.Parallel()
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	handled := fileConn(t, pair[0])
	client := fileConn(t, pair[1])
	server := New(&fakeService{}, Options{SocketPath: "/unused"})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.handle(t.Context(), t.Context(), handled)
	}()
	send(t, client, goodRequest)
	answer := make([]byte, 4096)
	n, err := client.Read(answer)
	if err != nil || !bytes.Equal(answer[:n], []byte(goodAnswer)) {
		t.Errorf("the first message is %q, %v", answer[:n], err)
	}
	_ = client.Close()
	await(t, ended)
}

func fileConn(t *testing.T, descriptor int) *net.UnixConn {
	t.Helper()
	unix.CloseOnExec(descriptor)
	file := os.NewFile(uintptr(descriptor), "socket")
	conn, err := net.FileConn(file)
	if err != nil {
		t.Fatal(err)
	}
	_ = file.Close()
	t.Cleanup(func() { _ = conn.Close() })
	return conn.(*net.UnixConn)
}
