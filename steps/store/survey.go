package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/disk"
)

// notBackups are folders of the store that hold no backup, beside the hidden
// ones: those of restores, older programs' and file systems' own.
var notBackups = []string{"restores", "tmp", "lost+found"}

// Stored is one folder of the backup store, as it presents itself.
type Stored struct {
	Name string
	// Manifest is nil where there is none that can be read. It comes without
	// its files: of a whole store they would fill the memory.
	Manifest *Manifest
	// Problem says why the folder is not the backup it should be, nil if nothing
	// is known against it; fs.ErrNotExist if it has no manifest.
	Problem error
}

// ErrOtherBackup: a folder's manifest is that of another backup.
var ErrOtherBackup = errors.New("its manifest is another backup's")

// Survey lists the folders of the store, in order of their names. The files of
// those that are not recorded are looked at too, as far as presence and size
// go. A store that is not there is fs.ErrNotExist.
func (s *Store) Survey(ctx context.Context, recorded func(id string) bool) ([]Stored, error) {
	entries, err := disk.ReadDir(s.BackupDir)
	if err != nil {
		return nil, fmt.Errorf("read backup_dir: %w", err)
	}
	var list []Stored
	for _, e := range entries {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if strings.HasPrefix(e.Name(), ".") || slices.Contains(notBackups, e.Name()) {
			continue
		}
		// A folder may stand on another disk, with a link in its place, if root or
		// our own user made that link: another's is refused, and named.
		if info, err := os.Stat(s.Folder(e.Name())); err != nil || !info.IsDir() {
			continue
		}
		list = append(list, s.look(e.Name(), recorded(e.Name())))
	}
	return list, nil
}

func (s *Store) look(name string, recorded bool) Stored {
	stored := Stored{Name: name}
	if stored.Manifest, stored.Problem = ReadManifest(s.Folder(name)); stored.Problem != nil {
		return stored
	}
	if stored.Manifest.ID != name {
		stored.Problem = fmt.Errorf("%w: '%s'", ErrOtherBackup, stored.Manifest.ID)
	} else if !recorded {
		stored.Problem = stored.Manifest.checkFiles(s.Folder(name))
	}
	stored.Manifest.Files, stored.Manifest.Folders = nil, nil
	return stored
}

// Gone reports whether there is nothing at all in a backup's place. What cannot
// be looked at is not gone.
func (s *Store) Gone(id string) bool {
	_, err := os.Lstat(s.Folder(id))
	return errors.Is(err, fs.ErrNotExist)
}

// Leftover is a private folder of an operation.
type Leftover struct {
	Path string
	// Operation is the one that made it, as far as the name tells.
	Operation string
	// Backup is what may be a whole backup inside it, empty for none.
	Backup string
}

// Leftovers lists the private folders of operations that are in the store.
func (s *Store) Leftovers() ([]Leftover, error) {
	entries, err := disk.ReadDir(s.PartialDir())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list work folders: %w", err)
	}
	var list []Leftover
	for _, e := range entries {
		l := Leftover{Path: filepath.Join(s.PartialDir(), e.Name()), Operation: e.Name()}
		if end := strings.LastIndex(e.Name(), "-"); end > 0 {
			l.Operation = e.Name()[:end]
		}
		// One that was sealed and not published, or retired and not yet erased.
		for _, folder := range []string{l.Path, filepath.Join(l.Path, retiredName)} {
			m, err := ReadManifest(folder)
			none := errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR)
			if err == nil && m.checkFiles(folder) == nil || err != nil && !none {
				l.Backup = folder
			}
		}
		list = append(list, l)
	}
	return list, nil
}

// strayMark begins the name of a private folder that is being removed and
// belongs to no operation any more.
const strayMark = "stray"

// TakeAway makes a private folder nobody's, by one rename, and returns its new
// path. Nothing that an operation makes later has that name.
func (s *Store) TakeAway(l Leftover) (string, error) {
	if strings.HasPrefix(filepath.Base(l.Path), strayMark) {
		return l.Path, nil
	}
	to := filepath.Join(s.PartialDir(), strayMark+filepath.Base(l.Path))
	if err := disk.RenameNew(l.Path, to); err != nil {
		return "", fmt.Errorf("take away work folder: %w", err)
	}
	return to, nil
}

// RemoveStray removes a folder that was taken away.
func (s *Store) RemoveStray(path string) error {
	if err := disk.RemoveAll(path); err != nil {
		return fmt.Errorf("remove work folder: %w", err)
	}
	// It stays while another operation works in it.
	if err := os.Remove(s.PartialDir()); err == nil {
		return disk.SyncDir(s.BackupDir)
	}
	return nil
}

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
