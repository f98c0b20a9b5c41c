package mariadbtest

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/go-sql-driver/mysql"
)

// DB returns the server's one pool of root connections. It outlives restarts
// and is closed when the test ends.
func (s *Server) DB() *sql.DB { return s.db }

// Exec runs statements as root, one after the other.
func (s *Server) Exec(statements ...string) {
	s.t.Helper()
	for _, statement := range statements {
		if _, err := s.db.Exec(statement); err != nil {
			s.t.Fatalf("run %q: %v", statement, err)
		}
	}
}

// WaitReady waits until the server answers a handshake, as it does when Start
// has returned, and again some time after Resume.
func (s *Server) WaitReady() {
	s.t.Helper()
	if err := s.awaitReady(startLimit); err != nil {
		s.t.Fatalf("%v; it printed:\n%s", err, s.Log())
	}
}

func (s *Server) awaitReady(limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		err := s.handshake(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.process.exited:
			return fmt.Errorf("wait for MariaDB: it ended: %v", s.process.err)
		case <-ctx.Done():
			return fmt.Errorf("wait for MariaDB: no answer after %s: %w", limit, err)
		case <-ticker.C:
		}
	}
}

// handshake makes a connection of its own: one from the pool may be of an
// earlier run of the server.
func (s *Server) handshake(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	connector, err := mysql.NewConnector(poolConfig(s.Socket))
	if err != nil {
		return fmt.Errorf("configure connection: %w", err)
	}
	conn, err := connector.Connect(ctx)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", s.Socket, err)
	}
	return conn.Close()
}

func openPool(socket string) (*sql.DB, error) {
	connector, err := mysql.NewConnector(poolConfig(socket))
	if err != nil {
		return nil, fmt.Errorf("configure connection: %w", err)
	}
	return sql.OpenDB(connector), nil
}

func poolConfig(socket string) *mysql.Config {
	config := mysql.NewConfig()
	config.User = "root"
	config.Net = "unix"
	config.Addr = socket
	// Account statements take no placeholders on the server's side.
	config.InterpolateParams = true
	// A server that is starting or was killed is expected here.
	config.Logger = &mysql.NopLogger{}
	return config
}
