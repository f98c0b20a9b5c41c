package server

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"dbcalm-db-cmd/steps/disk"
)

// Sizes are sizes of a server's data that a backup will hold, the single ones in
// bytes on the disk.
type Sizes struct {
	Total disk.Size
	// InnoDB is the part of it that an incremental may leave out.
	InnoDB uint64
	// Largest is the size of the largest file.
	Largest uint64
}

// numberedLog matches the files of the binary and of the relay log, which MySQL
// 8 keeps among its data for a month, and of which a backup holds the newest
// at most.
var numberedLog = regexp.MustCompile(`\.\d{6,}$`)

// logFolders are MySQL's for the redo log and for temporary tables.
var logFolders = []string{"#innodb_redo", "#innodb_temp"}

// notCopied reports whether a file at the top of a data directory is one of which
// a backup holds little or nothing.
func notCopied(name string) bool {
	return strings.HasPrefix(name, "ib_logfile") || strings.HasPrefix(name, "ibtmp") ||
		numberedLog.MatchString(name) && !strings.HasPrefix(name, "aria_log.")
}

// Changing is the part of the data that an incremental holds all of. How large
// what has changed of the rest is, nobody knows.
func (s Sizes) Changing() disk.Size {
	size := s.Total.Allocated - s.InnoDB
	return disk.Size{Apparent: size, Allocated: size}
}

// DataSize measures what a backup of a data directory copies, behind links, too:
// of whole databases, of single files, and of tables that lie elsewhere.
func DataSize(dataDir string) (s Sizes, err error) {
	folder, err := filepath.EvalSymlinks(dataDir)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	var linked []OutsideTable
	if err == nil {
		err = s.addTree(folder)
	}
	if err == nil {
		linked, err = linkedTables(folder)
	}
	for _, t := range linked {
		if err == nil && t.IsDatabase() {
			err = s.addDatabase(t.At)
		} else if err == nil {
			err = s.addFile(t.At, false)
		}
	}
	if err != nil {
		return s, fmt.Errorf("measure the data directory: %w: run the daemon as root or as the server's user", err)
	}
	return s, nil
}

// addDatabase adds the files of the tables in a folder. A link to one leads to
// whatever a person has put there.
func (s *Sizes) addDatabase(folder string) error {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if err == nil && isTableFile(e) {
			err = s.addFile(filepath.Join(folder, e.Name()), false)
		}
	}
	return err
}

// addTree adds what is in a data directory.
func (s *Sizes) addTree(folder string) error {
	return filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // dropped meanwhile
		}
		top := filepath.Dir(path) == folder
		if err == nil && entry.IsDir() && top && slices.Contains(logFolders, entry.Name()) {
			return filepath.SkipDir
		}
		// A table may be called like a log; its file is in its database's folder.
		if err != nil || entry.IsDir() || top && notCopied(entry.Name()) {
			return err
		}
		return s.addFile(path, top)
	})
}

// addFile adds a file, or what a link in a database's folder leads to.
func (s *Sizes) addFile(path string, top bool) error {
	stat := os.Stat
	if top {
		stat = os.Lstat
	}
	info, err := stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	// Sparse and compressed tables take what they take on the disk.
	size := disk.Allocated(info)
	// #nosec G115 -- a size is never negative
	s.Total = s.Total.Add(disk.Size{Apparent: max(size, uint64(info.Size())), Allocated: size})
	s.Largest = max(s.Largest, size)
	name := filepath.Base(path)
	if strings.HasSuffix(name, tablespaceSuffix) || top && (strings.HasPrefix(name, "ibdata") || strings.HasPrefix(name, "undo")) {
		s.InnoDB += size
	}
	return nil
}
