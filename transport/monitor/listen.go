package monitor

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"strings"

	"dbcalm-db-cmd/transport/access"
	"dbcalm-db-cmd/transport/socket"
)

// Listen binds the socket. It fails, and leaves nothing behind, if it is
// another program's, or an address that others than this host can reach.
func (m *Monitor) Listen() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.isClosed || m.listener != nil {
		return errors.New("listen: a monitor listens once")
	}
	listener, release, err := m.bind()
	if err != nil {
		return fmt.Errorf("listen for metrics on %s: %w", m.options.Listen, err)
	}
	m.listener, m.release = gated(listener, m.options.MaxConnections), release
	m.options.Logger.Info().Str(socket.KeyPath, m.options.Listen).Msg("listening for metrics")
	return nil
}

func (m *Monitor) bind() (net.Listener, func() error, error) {
	if !strings.HasPrefix(m.options.Listen, "/") {
		listener, err := bindLoopback(m.options.Listen)
		if err != nil {
			return nil, nil, err
		}
		return listener, listener.Close, nil
	}
	gid, err := access.LookUpGroup(m.options.Group)
	if err != nil {
		return nil, nil, err
	}
	paths, err := socket.Paths(m.options.Listen)
	if err != nil {
		return nil, nil, err
	}
	bound, err := socket.Bind(paths[0], m.options.Mode, gid)
	if err != nil {
		return nil, nil, err
	}
	return bound.Listener, bound.Release, nil
}

// bindLoopback listens on an address that only this host can reach: what it
// answers has no password.
func bindLoopback(address string) (net.Listener, error) {
	resolved, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%w: write localhost:PORT, 127.0.0.1:PORT, [::1]:PORT, or the path of a Unix socket", err)
	}
	if !resolved.IP.IsLoopback() {
		return nil, errors.New("only this host may reach it: write localhost:PORT, 127.0.0.1:PORT, [::1]:PORT, or the path of a Unix socket")
	}
	listener, err := net.ListenTCP("tcp", resolved)
	if err != nil {
		return nil, fmt.Errorf("%w: stop the program that has the port, or choose another", err)
	}
	return listener, nil
}

// quiet is a log for what net/http says of clients that hang up.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
