package steps

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Placement says how a prepared chain goes into place.
type Placement struct {
	// Target is the folder that then holds the restored data.
	Target string `json:"target"`
	// Stage is the folder in which the chain is prepared, a folder a link.
	Stage string `json:"stage"`
	// Mode is one of the constants below.
	Mode string `json:"mode"`
	// Folder is the prepared folder and Replaced, with PlaceSwap, the one it
	// takes the place of, known before either moves. Not with PlaceEntries.
	Folder   *FileID `json:"folder,omitempty"`
	Replaced *FileID `json:"replaced,omitempty"`
	// Entries are the prepared folder's entries in the order in which they go
	// into place, known before the first moves. With PlaceEntries only.
	Entries []PlacedEntry `json:"entries,omitempty"`
}

// The ways of putting a prepared chain into place.
const (
	// PlaceSwap exchanges the data directory with the prepared folder.
	PlaceSwap = "swap"
	// PlaceEntries renames entry by entry, in an order in which no server
	// starts on a part.
	PlaceEntries = "entries"
	// PlaceFolder renames the prepared folder to a name of its own.
	PlaceFolder = "folder"
)

// manner says for people how each mode works.
var manner = map[string]string{
	PlaceSwap:    "as a whole",
	PlaceEntries: "entry by entry",
	PlaceFolder:  "by a rename",
}

// FileID names a file or folder of a file system whatever it is called, and
// still does when the machine has been restarted. The number of its device
// would not: btrfs, LVM and disks themselves get theirs anew at every boot.
type FileID struct {
	Inode uint64 `json:"inode"`
	// Birth is when it was made, in nanoseconds since 1970, since the inodes of
	// removed files are used again; 0 where the file system does not tell.
	Birth int64 `json:"birth,omitempty"`
}

// PlacedEntry is one entry of a prepared folder.
type PlacedEntry struct {
	Name string `json:"name"`
	FileID
}

func fileID(path string) (FileID, error) {
	var st unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_INO|unix.STATX_BTIME, &st); err != nil {
		return FileID{}, &os.PathError{Op: "statx", Path: path, Err: err}
	}
	id := FileID{Inode: st.Ino}
	if st.Mask&unix.STATX_BTIME != 0 {
		id.Birth = time.Unix(st.Btime.Sec, int64(st.Btime.Nsec)).UnixNano()
	}
	return id, nil
}

// is tells whether path is the file or folder of this id.
func (id FileID) is(path string) bool {
	other, err := fileID(path)
	return err == nil && other == id
}

// prepared is the folder of the stage that becomes the data directory.
func (p *Placement) prepared() string { return p.link(0) }

// link is the folder of the stage for a link of the chain.
func (p *Placement) link(i int) string { return filepath.Join(p.Stage, fmt.Sprint(i)) }

// placeInFolder lets a chain staged in one folder end in another, on the same
// file system.
func placeInFolder(target, stage string) *Placement {
	return &Placement{Target: target, Stage: stage, Mode: PlaceFolder}
}

// placeInDataDir decides where the chain is staged that is to become the data
// directory: on that one's file system, beside it if it can be swapped whole,
// else hidden inside it.
func placeInDataDir(dataDir, operation string) (*Placement, error) {
	dataDir, err := filepath.EvalSymlinks(dataDir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDataDir, err)
	}
	p := &Placement{Target: dataDir}
	if swappable(dataDir) {
		p.Mode = PlaceSwap
		p.Stage = filepath.Join(filepath.Dir(dataDir), "."+filepath.Base(dataDir)+".dbcalm-"+operation)
		return p, nil
	}
	p.useEntries(operation)
	return p, nil
}

func (p *Placement) useEntries(operation string) {
	p.Mode = PlaceEntries
	p.Stage = filepath.Join(p.Target, ".dbcalm-"+operation)
}

// swappable tells whether a folder can change places with one beside it.
func swappable(dir string) bool {
	parent := filepath.Dir(dir)
	var own, above unix.Stat_t
	if unix.Stat(dir, &own) != nil || unix.Stat(parent, &above) != nil {
		return false
	}
	if own.Dev != above.Dev || unix.Access(parent, unix.W_OK) != nil || isMountPoint(dir) {
		return false
	}
	// On an overlay, a folder of a lower layer cannot be renamed (EXDEV).
	var fs unix.Statfs_t
	if unix.Statfs(dir, &fs) != nil || fs.Type == unix.OVERLAYFS_SUPER_MAGIC {
		return false
	}
	there, err := exists(filepath.Join(dir, lostAndFound))
	return err == nil && !there
}

// isMountPoint looks a folder up among the mounts; a bind mount is on its
// parent's device.
func isMountPoint(dir string) bool {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return true
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		// The fifth field is the mount point, with blanks as octal escapes
		// (proc_pid_mountinfo(5)).
		fields := strings.Fields(lines.Text())
		if len(fields) > 4 && strings.ReplaceAll(fields[4], `\040`, " ") == dir {
			return true
		}
	}
	return false
}
