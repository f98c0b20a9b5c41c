package server

import (
	"errors"
	"fmt"
	"io/fs"
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

func DataSize(dataDir string) (s Sizes, err error) {
	err = filepath.WalkDir(dataDir, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // dropped meanwhile
		}
		if err == nil && entry.IsDir() && slices.Contains(logFolders, path[min(len(path), len(filepath.Clean(dataDir))+1):]) {
			return filepath.SkipDir
		}
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		name := entry.Name()
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		// A table may be called like a log; its file is in its database's folder.
		top := filepath.Dir(path) == filepath.Clean(dataDir)
		if top && notCopied(name) {
			return nil
		}
		// Sparse and compressed tables take what they take on the disk.
		size := disk.Allocated(info)
		// #nosec G115 -- a size is never negative
		s.Total = s.Total.Add(disk.Size{Apparent: max(size, uint64(info.Size())), Allocated: size})
		s.Largest = max(s.Largest, size)
		if strings.HasSuffix(name, ".ibd") || top && (strings.HasPrefix(name, "ibdata") || strings.HasPrefix(name, "undo")) {
			s.InnoDB += size
		}
		return nil
	})
	if err != nil {
		return s, fmt.Errorf("measure the data directory: %w: run the daemon as root or as the server's user", err)
	}
	return s, nil
}
