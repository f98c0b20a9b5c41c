package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"dbcalm-db-cmd/transport/access"
	"dbcalm-db-cmd/transport/socket"
)

// Server answers commands on its sockets: New, Listen, Serve, and Close.
type Server struct {
	service Service
	options Options
	// own is the user that the daemon runs as.
	own    uint32
	policy *access.Policy
	quota  *access.Quota
	// clients are those who are connected, watches those who watch, requests and
	// answers those whose request or answer takes much memory.
	clients, watches, requests, answers *access.Gate
	turns                               *access.Turns
	// dismissed holds a token for everyone who has been refused and is still
	// reading why.
	dismissed chan struct{}
	// self is the process that asks itself whether it is alive.
	self int32
	// closed is closed by Close.
	closed chan struct{}

	mu       sync.Mutex
	sockets  []*socket.Bound
	serving  bool
	isClosed bool
}

// New returns a Server that answers with service and touches nothing yet.
func New(service Service, options Options) *Server {
	// #nosec G115 -- ids of users and processes have 32 bits
	return newServer(service, options, uint32(os.Geteuid()))
}

// newServer is New for a daemon that runs as the user own.
func newServer(service Service, options Options, own uint32) *Server {
	options = options.withDefaults()
	return &Server{
		own:     own,
		service: service,
		options: options,
		// Until Listen has looked up who else may.
		policy:    access.Closed(own),
		quota:     access.NewQuota(options.Logger, options.SummaryInterval),
		clients:   access.NewGate(options.MaxConnections, youth, own),
		watches:   access.NewGate(options.MaxWatches, readingTime, own),
		requests:  access.NewGate(largeRequests, 0, own),
		answers:   access.NewGate(largeAnswers, answerGrace, own),
		turns:     access.NewTurns(),
		dismissed: make(chan struct{}, access.Affordable().Dismissed),
		// #nosec G115 -- ids of users and processes have 32 bits
		self:   int32(os.Getpid()),
		closed: make(chan struct{}),
	}
}

// Listen binds the sockets. Clients can connect from then on and are answered
// once Serve runs. It fails, and leaves nothing behind, if another program
// listens on one of the paths or if something that is no socket is in the way.
func (s *Server) Listen() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isClosed || s.sockets != nil {
		return errors.New("listen: a server listens once")
	}
	gid, err := access.LookUpGroup(s.options.Group)
	if err != nil {
		return fmt.Errorf("socket_group: %w", err)
	}
	if gid >= 0 {
		s.policy, err = access.NewPolicy(s.options.Access, s.own, gid)
	} else {
		s.policy, err = access.NewPolicy(s.options.Access, s.own, os.Getegid())
	}
	if err != nil {
		return err
	}
	paths, err := socket.Paths(s.options.SocketPath, s.options.LegacySocketPath)
	if err != nil {
		return err
	}
	for _, path := range paths {
		bound, err := socket.Bind(path, s.options.Mode, gid)
		if err != nil {
			err = fmt.Errorf("listen on %s: %w", path, err)
			return errors.Join(err, s.release())
		}
		s.sockets = append(s.sockets, bound)
		s.options.Logger.Info().Str(socket.KeyPath, path).Msg("listening")
	}
	return nil
}

// Serve answers until ctx ends or Close is called, both of which are no
// error. It returns when the sockets are closed and every connection's
// handler has ended: calls under way are finished and answered, clients whose
// request is not complete are told that the daemon stops.
func (s *Server) Serve(ctx context.Context) error {
	sockets, err := s.beginServing()
	if err != nil {
		return err
	}
	stopping, stop := context.WithCancel(ctx)
	defer stop()
	calls, cancelCalls := context.WithCancel(context.WithoutCancel(ctx))
	defer cancelCalls()

	var accepting, handling, counting sync.WaitGroup
	counting.Go(func() { s.quota.Run(stopping) })
	defer counting.Wait()
	failed := make(chan error, len(sockets))
	for _, bound := range sockets {
		accepting.Go(func() {
			failed <- s.accept(stopping, bound, func(conn *net.UnixConn) {
				handling.Go(func() { s.handle(stopping, calls, conn) })
			})
		})
	}
	select {
	case <-ctx.Done():
	case <-s.closed:
	case err = <-failed:
	}

	stop()
	err = errors.Join(err, s.Close())
	accepting.Wait()
	patience := time.AfterFunc(s.options.StopTimeout, cancelCalls)
	defer patience.Stop()
	handling.Wait()
	return err
}

func (s *Server) beginServing() ([]*socket.Bound, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.serving || s.isClosed || s.sockets == nil {
		return nil, errors.New("serve: a server serves once, between Listen and Close")
	}
	s.serving = true
	return s.sockets, nil
}

// Close stops listening, removes the socket files that are still this
// Server's, and makes Serve return. It does not wait for Serve. Calling it
// again does nothing.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isClosed {
		return nil
	}
	s.isClosed = true
	close(s.closed)
	return s.release()
}

// release gives up the sockets; s.mu is held.
func (s *Server) release() error {
	var problems []error
	for _, bound := range s.sockets {
		problems = append(problems, bound.Release())
	}
	s.sockets = nil
	return errors.Join(problems...)
}
