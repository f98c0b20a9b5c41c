package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"dbcalm-db-cmd/steps/disk"
)

// folderName is the folder of the archive in the backup store. The other programs
// take no hidden folder for a backup.
const folderName = ".binlog"

// Archive is the archive of one server's binary log.
type Archive struct {
	// Folder is where the segments lie, in the backup store.
	Folder string
	// State is the folder of what must be believed, where nobody else can write.
	State string
	// Flush has the collector, where one runs in this process, read and seal all that
	// the server has committed, and says why it may not be all; nil for none.
	Flush func(ctx context.Context) error
	// Status tells where that collector stands; nil for none.
	Status func() Status
}

// In returns the archive of a backup store, with what belongs to it in the state
// folder.
func In(backupDir, stateDir string) *Archive {
	return &Archive{Folder: filepath.Join(backupDir, folderName), State: filepath.Join(stateDir, "archive")}
}

// head is the newest segment.
type head struct {
	Number uint64 `json:"number"`
	// SHA256 is that of its manifest, Previous that of the one before: the head is
	// written first, and the manifest may not have come to be.
	SHA256   string `json:"sha256"`
	Previous string `json:"previous,omitempty"`
}

const headName = "head.json"

func (a *Archive) readHead() (head, error) {
	var h head
	err := disk.ReadJSON(filepath.Join(a.State, headName), maxManifest, &h)
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	if err != nil {
		return h, fmt.Errorf("read the archive's head: %w", err)
	}
	return h, nil
}

func (a *Archive) writeHead(h head) error {
	if err := disk.WriteJSON(filepath.Join(a.State, headName), h); err != nil {
		return fmt.Errorf("write the archive's head: %w", err)
	}
	return nil
}

// Chain is what an archive holds, oldest first.
type Chain struct {
	Segments []*Segment
	// Problems are what keeps the rest of it from being believed.
	Problems []string

	// next is the number of the next segment.
	next uint64
}

// Last is the newest segment; nil in an empty archive.
func (c *Chain) Last() *Segment {
	if len(c.Segments) == 0 {
		return nil
	}
	return c.Segments[len(c.Segments)-1]
}

// add takes a segment in that has been sealed.
func (c *Chain) add(s *Segment) { c.Segments, c.next = append(c.Segments, s), s.Number+1 }

// Chain reads the manifests, from the head back as far as one leads to the next.
func (a *Archive) Chain() (*Chain, error) {
	h, err := a.readHead()
	if err != nil {
		return nil, err
	}
	numbers, err := a.numbers()
	if err != nil {
		return nil, err
	}
	if h.Number > 1 && len(numbers) == 0 {
		return nil, fmt.Errorf("%w: %s has none of its %d segments: is the disk of backup_dir mounted? If they are lost for good, "+
			"remove %s, and take a full backup", ErrDamaged, a.Folder, h.Number, filepath.Join(a.State, headName))
	}
	chain := &Chain{next: h.Number + 1}
	if n := len(numbers); n > 0 && h.Number == 0 {
		chain.next = numbers[n-1] + 1
	}
	if h.Number == 0 {
		if len(numbers) > 0 {
			chain.Problems = append(chain.Problems, fmt.Sprintf("%s has segments, and state_dir does not know of them: "+
				"they are not believed; the archive begins anew behind them", a.Folder))
		}
		return chain, nil
	}
	number, want := h.Number, h.SHA256
	if !slices.Contains(numbers, number) {
		// The daemon ended between the two writes, or the segment is lost.
		number, want = number-1, h.Previous
		chain.next = h.Number
		if number > 0 && !slices.Contains(numbers, number) {
			chain.next = h.Number + 1
			chain.Problems = append(chain.Problems, fmt.Sprintf("the newest segments, %d and the one before, are lost", h.Number))
			return chain, nil
		}
	}
	for ; number > 0 && want != ""; number-- {
		if !slices.Contains(numbers, number) {
			if slices.ContainsFunc(numbers, func(n uint64) bool { return n < number }) {
				chain.Problems = append(chain.Problems, fmt.Sprintf("segment %d is lost", number))
			}
			break
		}
		s, err := readSegment(a.Folder, number)
		if err == nil && s.sum != want {
			err = fmt.Errorf("the manifest of segment %d is not the one that was written", number)
		}
		if err != nil {
			chain.Problems = append(chain.Problems, err.Error())
			break
		}
		chain.Segments, want = append(chain.Segments, s), s.Previous
	}
	slices.Reverse(chain.Segments)
	return chain, nil
}

// numbers lists the segments whose manifests the store has, in order.
func (a *Archive) numbers() ([]uint64, error) {
	entries, err := disk.ReadDir(a.Folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the archive: %w", err)
	}
	var numbers []uint64
	for _, e := range entries {
		name, isManifest := strings.CutSuffix(e.Name(), manifestSuffix)
		if n, err := strconv.ParseUint(name, 10, 64); isManifest && err == nil && manifestName(n) == e.Name() {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// errNoStore: there is no backup store yet. The first backup makes it, and before
// that an archive could be applied to nothing.
var errNoStore = errors.New("backup_dir is made with the first backup, and there is none yet")

// make makes the archive's folders. A store that was there, and is not, is not made
// anew: its disk is not mounted, say.
func (a *Archive) make() error {
	store := filepath.Dir(a.Folder)
	switch there, err := disk.Exists(store); {
	case err != nil:
		return fmt.Errorf("look for backup_dir: %w", err)
	case !there:
		if h, err := a.readHead(); err != nil || h.Number == 0 {
			return errors.Join(err, errNoStore)
		}
		return fmt.Errorf("backup_dir (%s) is missing: is its disk mounted?", store)
	}
	if err := disk.MakePrivate(a.State); err != nil {
		return fmt.Errorf("make the archive's folder: %w", err)
	}
	// It has the rows of every table.
	if err := disk.MakePrivate(a.Folder); err != nil {
		return fmt.Errorf("make the archive's folder: %w", err)
	}
	return nil
}

// remove removes a file of the archive that may be there.
func (a *Archive) remove(name string) error {
	if err := disk.Remove(a.Folder, name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove %s: %w", name, err)
	}
	return nil
}
