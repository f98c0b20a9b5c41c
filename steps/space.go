package steps

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// The margin of free space asked for beyond what the data takes: the redo log
// grows while the tool copies.
const (
	marginPercent = 10
	marginBytes   = 64 << 20
)

// withMargin returns the free space in bytes to ask for data of this size.
func withMargin(size uint64) uint64 { return size + size*marginPercent/100 + marginBytes }

// freeSpace returns what may still be written on the file system of path, in
// bytes.
func freeSpace(path string) (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return 0, &os.PathError{Op: "statfs", Path: path, Err: err}
	}
	if os.Geteuid() == 0 {
		return st.Bfree * uint64(st.Bsize), nil
	}
	return st.Bavail * uint64(st.Bsize), nil
}

// requireSpace refuses when there is less room at path than data of this size
// needs with the margin.
func requireSpace(path string, size uint64, what string) error {
	free, err := freeSpace(path)
	if err != nil {
		return fmt.Errorf("ask for free space: %w", err)
	}
	if need := withMargin(size); free < need {
		return fmt.Errorf("not enough room for %s on the file system of %s: it needs %s, %s are free: free space or use a larger disk", what, path, humanBytes(need), humanBytes(free))
	}
	return nil
}

// dataSizes are sizes in bytes of a server's data that a backup will hold.
type dataSizes struct {
	total uint64
	// innodb is the part of it that an incremental may leave out.
	innodb uint64
	// largest is the size of the largest file.
	largest uint64
}

// numberedLog matches the files of the binary and of the relay log, which MySQL
// 8 keeps among its data for a month, and of which a backup holds the newest
// at most.
var numberedLog = regexp.MustCompile(`\.\d{6,}$`)

func dataSize(dataDir string) (s dataSizes, err error) {
	err = filepath.WalkDir(dataDir, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // dropped meanwhile
		}
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		name := entry.Name()
		if err != nil || !info.Mode().IsRegular() || strings.HasPrefix(name, "ib_logfile") || strings.HasPrefix(name, "ibtmp") || strings.Contains(path, "#innodb_redo") || strings.Contains(path, "#innodb_temp") {
			return err
		}
		if filepath.Dir(path) == filepath.Clean(dataDir) && numberedLog.MatchString(name) && !strings.HasPrefix(name, "aria_log.") {
			return nil
		}
		// Sparse and compressed tables take what they take on the disk.
		size := allocated(info)
		s.total, s.largest = s.total+size, max(s.largest, size)
		if strings.HasSuffix(name, ".ibd") || strings.HasPrefix(name, "ibdata") || strings.HasPrefix(name, "undo") {
			s.innodb += size
		}
		return nil
	})
	if err != nil {
		return s, fmt.Errorf("measure the data directory: %w: run the daemon as root or as the server's user", err)
	}
	return s, nil
}

func allocated(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Blocks) * 512
	}
	return uint64(info.Size())
}

// humanBytes writes a size for people.
func humanBytes(n uint64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	value, exponent := float64(n)/unit, 0
	for value >= unit && exponent < 4 {
		value /= unit
		exponent++
	}
	return fmt.Sprintf("%.1f %ciB", value, "KMGTP"[exponent])
}

// fullAdvice says, after an error of a disk that is full, what to do; "" after
// any other.
func fullAdvice(err error) string {
	if !errors.Is(err, unix.ENOSPC) {
		return ""
	}
	return ": the disk is full: free space or make it larger, then try again"
}
