package server

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/disk"
)

// DataFile is a file that holds data of the server's, and which one it is:
// another that takes its name later has another number or another birth.
type DataFile struct {
	// Path is what a backup calls it, relative to its folder.
	Path  string `json:"path"`
	Inode uint64 `json:"inode"`
	// Born is when it was made, in nanoseconds of Unix time; 0 where the file
	// system does not tell.
	Born int64 `json:"born,omitempty"`
	// At is where it lies if that is not there in the data directory.
	At string `json:"at,omitempty"`
}

// Same reports whether it is the very file that another was.
func (f DataFile) Same(other DataFile) bool {
	return f.Path == other.Path && f.Inode == other.Inode && f.Born == other.Born
}

// In returns where it lies, for a data directory.
func (f DataFile) In(dataDir string) string {
	if f.At != "" {
		return f.At
	}
	return filepath.Join(dataDir, f.Path)
}

// IsTablespace reports whether it is one of InnoDB's, of which an incremental
// backup holds only what has changed.
func (f DataFile) IsTablespace() bool { return strings.HasSuffix(f.Path, tablespaceSuffix) }

// Identify finds out which file it is. An error is fs.ErrNotExist for none.
func (f *DataFile) Identify(dataDir string) error {
	var st unix.Statx_t
	path := f.In(dataDir)
	if err := unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_INO|unix.STATX_BTIME, &st); err != nil {
		return &fs.PathError{Op: "statx", Path: path, Err: err}
	}
	if f.Inode, f.Born = st.Ino, 0; st.Mask&unix.STATX_BTIME != 0 {
		f.Born = st.Btime.Sec*1e9 + int64(st.Btime.Nsec)
	}
	return nil
}

// The suffixes of a tablespace, and of the file that says where one lies which
// is not in the data directory.
const (
	tablespaceSuffix = ".ibd"
	linkSuffix       = ".isl"
)

// tableSuffixes are those of the files of tables, of all engines whose tables
// the tools copy, and of what belongs to tables.
var tableSuffixes = []string{tablespaceSuffix, ".frm", ".par", ".sdi", ".opt", ".MYD", ".MYI", ".MAD", ".MAI",
	".MRG", ".TRG", ".TRN", ".ARM", ".ARZ", ".CSM", ".CSV"}

// isTableFile reports whether an entry of a database's folder is called as a file
// of a table is.
func isTableFile(e fs.DirEntry) bool { return slices.Contains(tableSuffixes, filepath.Ext(e.Name())) }

// unfinished begins the name of a table that is being made or rebuilt.
const unfinished = "#sql"

// systemFile matches what InnoDB keeps tables in at the top of a data directory:
// the system tablespace, and tablespaces of several tables.
var systemFile = regexp.MustCompile(`^(` + LastEntry + `|.+\.ibd)$`)

// maxLink is how long the path in a linkSuffix file can be, in bytes, and more.
const maxLink = 64 << 10

// DataFiles lists the files of all tables in a data directory, whether the
// server runs or not, in the order of their paths. It opens no file of a table.
// What is gone while it looks was dropped, and is left out.
func DataFiles(dataDir string) ([]DataFile, error) {
	files, err := dataFiles(dataDir)
	if err != nil {
		return nil, fmt.Errorf("list the data directory: %w: run the daemon as root or as the server's user", err)
	}
	return OrderFiles(files), nil
}

// OrderFiles puts files in the order of their paths, each path once: a file in
// the data directory before one that a forgotten link leads to.
func OrderFiles(files []DataFile) []DataFile {
	slices.SortFunc(files, func(a, b DataFile) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.At, b.At))
	})
	return slices.CompactFunc(files, func(a, b DataFile) bool { return a.Path == b.Path })
}

func dataFiles(dataDir string) ([]DataFile, error) {
	top, err := os.ReadDir(dataDir)
	if err != nil {
		return nil, err
	}
	var files []DataFile
	for _, entry := range top {
		name := entry.Name()
		if systemFile.MatchString(name) {
			if files, err = appendFile(files, dataDir, DataFile{Path: name}); err != nil {
				return nil, err
			}
			continue
		}
		// Servers take no folder for a database that begins so, and MySQL makes what
		// is in this one by itself.
		if name[0] == '.' || name[0] == '#' || name == "performance_schema" {
			continue
		}
		// A database may be a link to a folder.
		in, err := os.ReadDir(filepath.Join(dataDir, name))
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, table := range in {
			if files, err = appendTable(files, dataDir, filepath.Join(name, table.Name())); err != nil {
				return nil, err
			}
		}
	}
	return files, nil
}

func appendTable(files []DataFile, dataDir, path string) ([]DataFile, error) {
	suffix := filepath.Ext(path)
	if strings.HasPrefix(filepath.Base(path), unfinished) || suffix != linkSuffix && !slices.Contains(tableSuffixes, suffix) {
		return files, nil
	}
	file := DataFile{Path: path}
	if suffix == linkSuffix {
		at, err := disk.ReadSmall(filepath.Join(dataDir, filepath.Dir(path)), filepath.Base(path), maxLink)
		if errors.Is(err, fs.ErrNotExist) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		file.At = strings.TrimSpace(string(at))
		file.Path = strings.TrimSuffix(path, linkSuffix) + tablespaceSuffix
	}
	return appendFile(files, dataDir, file)
}

func appendFile(files []DataFile, dataDir string, file DataFile) ([]DataFile, error) {
	err := file.Identify(dataDir)
	if errors.Is(err, fs.ErrNotExist) {
		return files, nil
	}
	if err != nil {
		return nil, err
	}
	return append(files, file), nil
}
