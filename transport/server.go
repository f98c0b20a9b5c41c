package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Server answers commands on its sockets: New, Listen, Serve, and Close.
type Server struct {
	service Service
	options Options
	// slots holds a token for every connection being served.
	slots chan struct{}
	// watches holds one for every client that watches.
	watches chan struct{}
	// closed is closed by Close.
	closed chan struct{}

	mu       sync.Mutex
	sockets  []*socket
	serving  bool
	isClosed bool
}

// New returns a Server that answers with service and touches nothing yet.
func New(service Service, options Options) *Server {
	options = options.withDefaults()
	return &Server{
		service: service,
		options: options,
		slots:   make(chan struct{}, options.MaxConnections),
		watches: make(chan struct{}, options.MaxWatches),
		closed:  make(chan struct{}),
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
	gid, err := lookUpGroup(s.options.Group)
	if err != nil {
		return err
	}
	paths, err := socketPaths(s.options.SocketPath, s.options.LegacySocketPath)
	if err != nil {
		return err
	}
	for _, path := range paths {
		bound, err := bind(path, s.options.Mode, gid)
		if err != nil {
			err = fmt.Errorf("listen on %s: %w", path, err)
			return errors.Join(err, s.release())
		}
		s.sockets = append(s.sockets, bound)
		s.options.Logger.Info().Str(keyPath, path).Msg("listening")
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

	var accepting, handling sync.WaitGroup
	failed := make(chan error, len(sockets))
	for _, socket := range sockets {
		accepting.Go(func() {
			failed <- s.accept(stopping, socket, func(conn *net.UnixConn) {
				handling.Go(func() {
					defer s.giveBackSlot()
					s.handle(stopping, calls, conn)
				})
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

func (s *Server) beginServing() ([]*socket, error) {
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
	for _, socket := range s.sockets {
		problems = append(problems, socket.release())
	}
	s.sockets = nil
	return errors.Join(problems...)
}
