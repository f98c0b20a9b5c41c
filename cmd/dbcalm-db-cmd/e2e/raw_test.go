package e2e

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// connectTo opens a connection to a socket that ends with the test.
func connectTo(t testing.TB, path string) *net.UnixConn {
	t.Helper()
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// raw sends bytes to a socket, without newline and half-close, and returns
// every byte that comes back before the daemon closes.
func raw(t testing.TB, path, request string) string {
	t.Helper()
	conn := connectTo(t, path)
	// A daemon that refuses early may have stopped reading.
	_, writeErr := conn.Write([]byte(request))
	answer, err := io.ReadAll(conn)
	if err != nil || len(answer) == 0 {
		t.Fatalf("no answer to %.200s: %v, %v", request, writeErr, err)
	}
	return string(answer)
}

// asPythonClient does what the older Python client does: it sends the object
// at once, reads 16 bytes at a time, and takes the first silence of 0.2 s
// after some data, or the end, for the end of the answer.
func asPythonClient(t testing.TB, path, request string) string {
	t.Helper()
	const silence, gaveUp = 200 * time.Millisecond, 5 * time.Second
	conn := connectTo(t, path)
	if _, err := conn.Write([]byte(request)); err != nil {
		t.Fatal(err)
	}
	var answer strings.Builder
	sent, piece := time.Now(), make([]byte, 16)
	for time.Since(sent) < gaveUp {
		if err := conn.SetReadDeadline(time.Now().Add(silence)); err != nil {
			t.Fatal(err)
		}
		n, err := conn.Read(piece)
		answer.Write(piece[:n])
		switch {
		case err == nil:
		case errors.Is(err, os.ErrDeadlineExceeded) && answer.Len() == 0:
		case errors.Is(err, os.ErrDeadlineExceeded), err == io.EOF:
			return answer.String()
		default:
			t.Fatal(err)
		}
	}
	t.Fatalf("no answer within %s", gaveUp)
	return ""
}

// inPieces sends an object in pieces with a pause between them and reads the
// answer as the API server does: once, 4,096 bytes.
func inPieces(t testing.TB, path string, pause time.Duration, pieces ...string) string {
	t.Helper()
	conn := connectTo(t, path)
	for i, piece := range pieces {
		if i > 0 {
			<-time.After(pause)
		}
		if _, err := conn.Write([]byte(piece)); err != nil {
			t.Fatal(err)
		}
	}
	answer := make([]byte, 4096)
	n, err := conn.Read(answer)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer[:n])
}
