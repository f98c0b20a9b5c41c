package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/transport/access"
	"dbcalm-db-cmd/transport/socket"
)

// The pauses between attempts to accept while the host is out of something.
const (
	firstPause = 5 * time.Millisecond
	lastPause  = time.Second
)

// accept hands every connection of a socket to begin, which owns it from then
// on and does not block: whoever knocks is looked at before anybody waits for
// anything. It returns nil when the listener is closed.
func (s *Server) accept(stopping context.Context, bound *socket.Bound, begin func(*net.UnixConn)) error {
	pause := firstPause
	for {
		conn, err := bound.Listener.AcceptUnix()
		switch {
		case err == nil:
			pause = firstPause
		case errors.Is(err, net.ErrClosed):
			return nil
		case passes(err):
			if s.quota.Take(access.NotAccepted, access.Nobody) {
				s.options.Logger.Error().Err(err).Str(socket.KeyPath, bound.Path).Msg("cannot accept connections, trying again")
			}
			if !wait(stopping, pause) {
				return nil
			}
			pause = min(2*pause, lastPause)
			continue
		default:
			return fmt.Errorf("accept on %s: %w", bound.Path, err)
		}
		begin(conn)
	}
}

// passes reports whether an error of accept is one that goes away by itself:
// the host or the process is out of descriptors or memory.
func passes(err error) bool {
	for _, passing := range []error{unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM, unix.ECONNABORTED, unix.EINTR} {
		if errors.Is(err, passing) {
			return true
		}
	}
	return false
}

// wait returns false if stopping ended first.
func wait(stopping context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-stopping.Done():
		return false
	}
}
