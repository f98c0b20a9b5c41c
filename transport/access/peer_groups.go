package access

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// peerGroups returns the supplementary groups of a socket's peer when it
// connected; none from a kernel before Linux 4.13, which does not tell.
func peerGroups(fd int) []uint32 {
	// A process rarely has more than a few dozens; the kernel says if it has.
	for groups := make([]uint32, 64); ; {
		// #nosec G115 -- the list has 65,536 groups at most
		size := uint32(len(groups)) * 4
		// x/sys has no wrapper that reads a list of numbers.
		// #nosec G103 -- getsockopt takes the list and its size by their addresses
		_, _, err := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_PEERGROUPS,
			uintptr(unsafe.Pointer(&groups[0])), uintptr(unsafe.Pointer(&size)), 0)
		switch {
		case err == 0:
			return groups[:size/4]
		case err == unix.ERANGE && int(size/4) > len(groups):
			groups = make([]uint32, size/4)
		default:
			return nil
		}
	}
}
