package monitor

import (
	"context"
	"net"
	"net/http"
	"os"
	"sync"

	"dbcalm-db-cmd/transport/access"
)

// gatedListener accepts whoever comes and has the idlest connection closed
// when there are too many. Whoever is on this host may connect to a port of it,
// and must use up neither the daemon's descriptors nor another's turn.
type gatedListener struct {
	net.Listener
	gate *access.Gate
}

func gated(listener net.Listener, most int) *gatedListener {
	// #nosec G115 -- ids of users and groups have 32 bits
	return &gatedListener{listener, access.NewGate(most, 0, uint32(os.Geteuid()))}
}

func (l *gatedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		// A port does not say who is there: all who use it are one user.
		who := &access.Guest{UID: access.Nobody}
		if unix, ok := conn.(*net.UnixConn); ok {
			if peer := access.PeerOf(unix); peer.Known {
				who.UID = peer.UID
			}
		}
		// The connection itself: its place is free already.
		who.Evict = func() { _ = conn.Close() }
		if l.gate.Try(who) {
			return &gatedConn{Conn: conn, gate: l.gate, guest: who, leave: sync.OnceFunc(func() { l.gate.Leave(who) })}, nil
		}
		_ = conn.Close()
	}
}

// gatedConn gives its place back when it is closed.
type gatedConn struct {
	net.Conn
	gate  *access.Gate
	guest *access.Guest
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
			conn.gate.Mark(conn.guest, true)
			defer conn.gate.Mark(conn.guest, false)
		}
		handler.ServeHTTP(w, r)
	})
}
