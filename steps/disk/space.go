package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// Existing returns the first folder from path upwards that is there.
func Existing(path string) string {
	for path != "/" {
		if there, err := Exists(path); err == nil && there {
			break
		}
		path = filepath.Dir(path)
	}
	return path
}

// The margin of free space asked for beyond what the data takes: the redo log
// grows while the tool copies.
const (
	marginPercent = 10
	MarginBytes   = 64 << 20
)

// WithMargin returns the free space in bytes to ask for data of this size.
func WithMargin(size uint64) uint64 { return size + size*marginPercent/100 + MarginBytes }

// FreeSpace returns what may still be written on the file system of path, in
// bytes.
func FreeSpace(path string) (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return 0, &os.PathError{Op: "statfs", Path: path, Err: err}
	}
	if os.Geteuid() == 0 {
		// #nosec G115 -- a size is never negative
		return st.Bfree * uint64(st.Bsize), nil
	}
	// #nosec G115 -- a size is never negative
	return st.Bavail * uint64(st.Bsize), nil
}

// RequireSpace refuses when there is less room at path than data of this size
// needs with the margin.
func RequireSpace(path string, size uint64, what string) error {
	free, err := FreeSpace(path)
	if err != nil {
		return fmt.Errorf("ask for free space: %w", err)
	}
	if need := WithMargin(size); free < need {
		return fmt.Errorf("not enough room for %s on the file system of %s: it needs %s, %s are free: free space or use a larger disk",
			what, path, HumanBytes(need), HumanBytes(free))
	}
	return nil
}

// Size is how large files are, in bytes.
type Size struct {
	// Apparent is the sum of their sizes, and Allocated what they take on a disk:
	// less, where they have holes.
	Apparent, Allocated uint64
}

func (s Size) Add(other Size) Size {
	return Size{s.Apparent + other.Apparent, s.Allocated + other.Allocated}
}

// String tells a size to people, and both where they differ.
func (s Size) String() string {
	text := HumanBytes(s.Allocated)
	if apparent := HumanBytes(s.Apparent); apparent != text {
		text += " (" + apparent + " with the holes in it)"
	}
	return text
}

func Allocated(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		// #nosec G115 -- a size is never negative
		return uint64(st.Blocks) * 512
	}
	// #nosec G115 -- a size is never negative
	return uint64(info.Size())
}

// Count is a number of things, in words.
func Count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return strconv.Itoa(n) + " " + thing
}

// HumanBytes writes a size for people.
func HumanBytes(n uint64) string {
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

// FullAdvice says, after an error of a disk that is full, what to do; "" after
// any other.
func FullAdvice(err error) string {
	if !errors.Is(err, unix.ENOSPC) {
		return ""
	}
	return ": the disk is full: free space or make it larger, then try again"
}
