package store

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Identity tells this store from any that may be found in its place, such as the
// empty folder on which its disk is to be mounted. It stays the same for as long
// as the folder is the same, across restarts of the machine. It is empty where
// the store is not there, or its file system does not tell when it was made.
func (s *Store) Identity() string {
	var st unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, s.BackupDir, 0, unix.STATX_BTIME|unix.STATX_INO, &st)
	if err != nil || st.Mask&unix.STATX_BTIME == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d.%09d", st.Ino, st.Btime.Sec, st.Btime.Nsec)
}
