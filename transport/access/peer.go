package access

import (
	"net"
	"os"
	"strconv"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/printable"
)

// Peer is the program at the other end, as the kernel knew it when it
// connected (SO_PEERCRED and SO_PEERGROUPS in unix(7)).
type Peer struct {
	PID int32
	UID uint32
	// groups are its own group and its supplementary ones.
	groups []uint32
	Known  bool
}

// PeerOf asks the kernel who is at the other end of a connection.
func PeerOf(conn *net.UnixConn) Peer {
	raw, err := conn.SyscallConn()
	if err != nil {
		return Peer{}
	}
	var found Peer
	// Whom the kernel does not name is let do nothing.
	_ = raw.Control(func(fd uintptr) {
		if credentials, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			groups := append(peerGroups(int(fd)), credentials.Gid)
			found = Peer{PID: credentials.Pid, UID: credentials.Uid, groups: groups, Known: true}
		}
	})
	return found
}

// Asker is the peer as operations remember it.
func (p Peer) Asker() api.Asker {
	return api.Asker{UID: p.UID, Name: userName(p.UID), PID: p.PID, Program: printable.Shorten(printable.Line(programOf(p.PID)), programLimit)}
}

// programLimit bounds what is told of a program's path, in bytes.
const programLimit = 160

// programOf returns the path of the program that a process runs, else the name
// it gives itself, else nothing. Another process may have the number by now:
// this is for people, and decides nothing.
func programOf(pid int32) string {
	if pid <= 0 {
		return ""
	}
	folder := "/proc/" + strconv.Itoa(int(pid))
	if path, err := os.Readlink(folder + "/exe"); err == nil {
		return path
	}
	// #nosec G304 -- a file of /proc
	name, err := os.ReadFile(folder + "/comm")
	if err != nil || len(name) == 0 {
		return ""
	}
	return string(name[:len(name)-1])
}

// The keys of a peer in a log line.
const (
	keyPeerPID     = "peer_pid"
	keyPeerUID     = "peer_uid"
	keyPeerUser    = "peer_user"
	keyPeerProgram = "peer_program"
)

// MarshalZerologObject adds the peer's fields to a log line.
func (p Peer) MarshalZerologObject(event *zerolog.Event) {
	if p.Known {
		asker := p.Asker()
		event.Int32(keyPeerPID, p.PID).Uint32(keyPeerUID, p.UID).Str(keyPeerUser, asker.Name).Str(keyPeerProgram, asker.Program)
	}
}
