package transport

import (
	"net"
	"os"
	"strconv"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/machine"
	"dbcalm-db-cmd/steps/printable"
)

// peer is the program at the other end, as the kernel knew it when it
// connected (SO_PEERCRED and SO_PEERGROUPS in unix(7)).
type peer struct {
	pid int32
	uid uint32
	// groups are its own group and its supplementary ones.
	groups []uint32
	known  bool
}

func peerOf(conn *net.UnixConn) peer {
	raw, err := conn.SyscallConn()
	if err != nil {
		return peer{}
	}
	var found peer
	// Whom the kernel does not name is let do nothing.
	_ = raw.Control(func(fd uintptr) {
		if credentials, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			groups := append(peerGroups(int(fd)), credentials.Gid)
			found = peer{pid: credentials.Pid, uid: credentials.Uid, groups: groups, known: true}
		}
	})
	return found
}

// asker is the peer as operations remember it.
func (p peer) asker() machine.Asker {
	return machine.Asker{UID: p.uid, Name: userName(p.uid), PID: p.pid, Program: shorten(printable.Line(programOf(p.pid)), echoLimit)}
}

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
	name, err := os.ReadFile(folder + "/comm")
	if err != nil || len(name) == 0 {
		return ""
	}
	return string(name[:len(name)-1])
}

// MarshalZerologObject adds the peer's fields to a log line.
func (p peer) MarshalZerologObject(event *zerolog.Event) {
	if p.known {
		asker := p.asker()
		event.Int32(keyPeerPID, p.pid).Uint32(keyPeerUID, p.uid).Str(keyPeerUser, asker.Name).Str(keyPeerProgram, asker.Program)
	}
}
