package disk

import (
	"io/fs"
	"syscall"

	"golang.org/x/sys/unix"
)

// Version names what a file holds, without having read it: who writes to the
// file, or puts another in its place, changes it. It stays the same when the
// machine has been restarted.
type Version struct {
	Inode uint64 `json:"inode"`
	// Size is in bytes.
	Size int64 `json:"size"`
	// Modified and Changed are when the file was last written to, and when that or
	// its owner, mode or name last changed, in nanoseconds since 1970. Only the
	// first can be set to what one likes.
	Modified int64 `json:"modified"`
	Changed  int64 `json:"changed"`
}

// VersionOf returns a file's; false where the system does not tell.
func VersionOf(info fs.FileInfo) (Version, bool) {
	st, known := info.Sys().(*syscall.Stat_t)
	if !known {
		return Version{}, false
	}
	return Version{Inode: st.Ino, Size: st.Size, Modified: st.Mtim.Nano(), Changed: st.Ctim.Nano()}, true
}

// Settled reports whether what is written to the file from now on must change
// its version. The kernel stamps changes by a clock that ticks every few
// milliseconds: within the tick of the newest one, another would not be seen.
func (v Version) Settled() bool {
	var now unix.Timespec
	return unix.ClockGettime(unix.CLOCK_REALTIME_COARSE, &now) == nil && v.Changed < now.Nano()
}

// SameContent reports whether at most owner, mode or name have changed between
// two versions.
func (v Version) SameContent(other Version) bool {
	v.Changed = other.Changed
	return v == other
}
