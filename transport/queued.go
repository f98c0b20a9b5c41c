package transport

import (
	"bytes"
	"net"

	"golang.org/x/sys/unix"
)

// unread returns how many bytes the peer has been sent and has not read, with
// what the kernel adds to them.
func unread(conn *net.UnixConn) int { return queued(conn, unix.SIOCOUTQ) }

// asks reports whether what the peer has sent, and nobody has read, may end a
// request. More than a glance holds is taken for one.
func asks(conn *net.UnixConn) bool {
	const glance = 4 << 10
	size := queued(conn, unix.SIOCINQ)
	if size == 0 || size > glance {
		return size > 0
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	sent := make([]byte, size)
	peek := func(fd uintptr) { size, _, err = unix.Recvfrom(int(fd), sent, unix.MSG_PEEK|unix.MSG_DONTWAIT) }
	if gone := raw.Control(peek); gone != nil || err != nil {
		return false
	}
	return bytes.HasSuffix(bytes.TrimRight(sent[:size], " \t\r\n"), []byte("}"))
}

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
