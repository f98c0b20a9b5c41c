package transport

import (
	"net"

	"golang.org/x/sys/unix"
)

// unread returns how many bytes the peer has been sent and has not read, with
// what the kernel adds to them.
func unread(conn *net.UnixConn) int { return queued(conn, unix.SIOCOUTQ) }

// unheard returns how many bytes the peer has sent that have not been read.
func unheard(conn *net.UnixConn) int { return queued(conn, unix.SIOCINQ) }

// queued returns the answer to a question of unix(7) about a socket's queue.
func queued(conn *net.UnixConn, question uint) (size int) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0
	}
	// A connection that is gone has nothing in a queue.
	_ = raw.Control(func(fd uintptr) { size, _ = unix.IoctlGetInt(int(fd), question) })
	return size
}
