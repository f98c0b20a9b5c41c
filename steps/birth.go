package steps

import (
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// dataBirth returns when a data directory's system tablespace was created; the
// zero time where the file system does not tell, or where that file lies
// elsewhere. It tells a data directory from any that took its place, whoever
// put it there: a server's ids do not, since MariaDB makes its server_uid of
// the machine's address and the port.
func dataBirth(dataDir string) time.Time {
	var st unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, filepath.Join(dataDir, lastEntry), 0, unix.STATX_BTIME, &st)
	if err != nil || st.Mask&unix.STATX_BTIME == 0 {
		return time.Time{}
	}
	return time.Unix(st.Btime.Sec, int64(st.Btime.Nsec)).UTC()
}
