package transport

import (
	"context"
	"net"
	"net/http"
	"os"
	"sync"
)

// gatedListener accepts whoever comes and has the idlest connection closed
// when there are too many. Whoever is on this host may connect to a port of it,
// and must use up neither the daemon's descriptors nor another's turn.
type gatedListener struct {
	net.Listener
	gate *gate
}

func gated(listener net.Listener, most int) *gatedListener {
	return &gatedListener{listener, newGate(most, 0, uint32(os.Geteuid()))}
}

func (l *gatedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		// A port does not say who is there: all who use it are one user.
		who := &guest{uid: nobody}
		if unix, ok := conn.(*net.UnixConn); ok {
			if peer := peerOf(unix); peer.known {
				who.uid = peer.uid
			}
		}
		// The connection itself: its place is free already.
		who.evict = func() { _ = conn.Close() }
		if l.gate.try(who) {
			return &gatedConn{Conn: conn, gate: l.gate, guest: who, leave: sync.OnceFunc(func() { l.gate.leave(who) })}, nil
		}
		_ = conn.Close()
	}
}

// nobody is the user of those who are not known.
const nobody = 1<<32 - 1

// gatedConn gives its place back when it is closed.
type gatedConn struct {
	net.Conn
	gate  *gate
	guest *guest
	leave func()
}

func (c *gatedConn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

type placeKey struct{}

// withPlace lets the requests of a connection find its place.
func withPlace(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, placeKey{}, conn)
}

// whileBusy keeps a connection's place while its request is being answered.
func whileBusy(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, ok := r.Context().Value(placeKey{}).(*gatedConn); ok {
			conn.gate.mark(conn.guest, true)
			defer conn.gate.mark(conn.guest, false)
		}
		handler.ServeHTTP(w, r)
	})
}
