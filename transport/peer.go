package transport

import (
	"net"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"
)

// peer is the program at the other end, as the kernel knew it when it
// connected (SO_PEERCRED in unix(7)).
type peer struct {
	pid   int32
	uid   uint32
	known bool
}

func peerOf(conn *net.UnixConn) peer {
	raw, err := conn.SyscallConn()
	if err != nil {
		return peer{}
	}
	var found peer
	// Only the log wants to know: without an answer its lines are shorter.
	_ = raw.Control(func(fd uintptr) {
		if credentials, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			found = peer{pid: credentials.Pid, uid: credentials.Uid, known: true}
		}
	})
	return found
}

// MarshalZerologObject adds the peer's fields to a log line.
func (p peer) MarshalZerologObject(event *zerolog.Event) {
	if p.known {
		event.Int32(keyPeerPID, p.pid).Uint32(keyPeerUID, p.uid)
	}
}
