package place

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/server"
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
	Folder   *disk.FileID `json:"folder,omitempty"`
	Replaced *disk.FileID `json:"replaced,omitempty"`
	// Entries are the prepared folder's entries in the order in which they go
	// into place, known before the first moves. With PlaceEntries only.
	Entries []Entry `json:"entries,omitempty"`
}

// The ways of putting a prepared chain into place.
const (
	// Swap exchanges the data directory with the prepared folder.
	Swap = "swap"
	// Entries renames entry by entry, in an order in which no server
	// starts on a part.
	Entries = "entries"
	// Folder renames the prepared folder to a name of its own.
	Folder = "folder"
)

// Manner says for people how each mode works.
var Manner = map[string]string{
	Swap:    "as a whole",
	Entries: "entry by entry",
	Folder:  "by a rename",
}

// Entry is one entry of a prepared folder.
type Entry struct {
	Name string `json:"name"`
	disk.FileID
}

// Prepared is the folder of the stage that becomes the data directory.
func (p *Placement) Prepared() string { return p.Link(0) }

// Link is the folder of the stage for a link of the chain.
func (p *Placement) Link(i int) string { return filepath.Join(p.Stage, fmt.Sprint(i)) }

// InFolder lets a chain staged in one folder end in another, on the same
// file system.
func InFolder(target, stage string) *Placement {
	return &Placement{Target: target, Stage: stage, Mode: Folder}
}

// InDataDir decides where the chain is staged that is to become the data
// directory: on that one's file system, beside it if it can be swapped whole,
// else hidden inside it.
func InDataDir(dataDir, operation string) (*Placement, error) {
	dataDir, err := filepath.EvalSymlinks(dataDir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", server.ErrDataDir, err)
	}
	p := &Placement{Target: dataDir}
	p.Stage = filepath.Join(filepath.Dir(dataDir), "."+filepath.Base(dataDir)+".dbcalm-"+operation)
	if len(filepath.Base(p.Aside())) <= disk.MaxName && swappable(dataDir) {
		p.Mode = Swap
		return p, nil
	}
	p.UseEntries(operation)
	return p, nil
}

func (p *Placement) UseEntries(operation string) {
	p.Mode = Entries
	p.Stage = filepath.Join(p.Target, ".dbcalm-"+operation)
}

// swappable reports whether a folder can change places with one beside it.
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
	there, err := disk.Exists(filepath.Join(dir, server.LostAndFound))
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
