package digest

import (
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// localClocks are the file systems known to stamp changes by this machine's
// clock, and not by that of another.
var localClocks = []int64{
	unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.F2FS_SUPER_MAGIC, unix.TMPFS_MAGIC,
}

// usable reports whether digests can be relied on in a folder.
func usable(folder string) bool {
	var st unix.Statfs_t
	var system unix.Utsname
	return unix.Statfs(folder, &st) == nil && slices.Contains(localClocks, st.Type) &&
		unix.Uname(&system) == nil && tellsOfErrors(unix.ByteSliceToString(system.Release[:]))
}

// tellsOfErrors reports whether a kernel's syncfs(2) tells of what could not be
// written, which it does since Linux 5.8.
func tellsOfErrors(release string) bool {
	var major, minor int
	if n, err := fmt.Sscanf(release, "%d.%d", &major, &minor); n < 2 || err != nil {
		return false
	}
	return major > 5 || major == 5 && minor >= 8
}
