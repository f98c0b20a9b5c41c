package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/machine/api"
	transporttest "dbcalm-db-cmd/transport/testkit"
)

func TestErrorsOfAcceptThatPass(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]bool{
		&net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", unix.EMFILE)}: true,
		fmt.Errorf("accept: %w", unix.ENOMEM):                                       true,
		&net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", unix.EINVAL)}: false,
		os.ErrDeadlineExceeded: false,
	} {
		if got := passes(err); got != want {
			t.Errorf("%v: %v", err, got)
		}
	}
}

func TestWaitEndsWithTheServer(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	if !wait(ctx, time.Microsecond) {
		t.Error("a server that runs on does not wait")
	}
	stop()
	if wait(ctx, time.Hour) {
		t.Error("a server that stops waits on")
	}
}

func TestAListenerThatBreaksEndsServe(t *testing.T) {
	t.Parallel()
	base := transporttest.Folder(t)
	server, err := listen(t, Options{SocketPath: filepath.Join(base, "a"), LegacySocketPath: filepath.Join(base, "b")})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.sockets[1].Listener.SetDeadline(time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := server.Serve(t.Context()); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if got := entries(t, base); got != "" {
		t.Errorf("the folder holds %s", got)
	}
}

// A client that still waits for a place when the server stops is let go.
func TestStoppingReleasesThoseWhoWait(t *testing.T) {
	t.Parallel()
	called, finish := make(chan struct{}), make(chan struct{})
	server := start(t, &fakeService{
		fullBackup: func(context.Context, api.BackupRequest) (string, error) {
			close(called)
			<-finish
			return anOperation, nil
		},
	}, Options{MaxConnections: 1})
	served := dial(t, server.path)
	send(t, served, goodRequest)
	await(t, called)
	waiting := dial(t, server.path)
	server.stop()
	// Accepted, it is told; still in the backlog, it sees a reset.
	if rest, err := io.ReadAll(waiting); len(rest) != 0 && string(rest) != stoppingAnswer || err != nil && !errors.Is(err, unix.ECONNRESET) {
		t.Errorf("got %q, %v", rest, err)
	}
	close(finish)
	if got := readAll(t, served); got != goodAnswer {
		t.Errorf("got %s", got)
	}
}
