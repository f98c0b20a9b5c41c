package server

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"

	"dbcalm-db-cmd/steps/disk"
)

// dataSizes are sizes in bytes of a server's data that a backup will hold.
type Sizes struct {
	Total uint64
	// innodb is the part of it that an incremental may leave out.
	InnoDB uint64
	// largest is the size of the largest file.
	Largest uint64
}

// numberedLog matches the files of the binary and of the relay log, which MySQL
// 8 keeps among its data for a month, and of which a backup holds the newest
// at most.
var numberedLog = regexp.MustCompile(`\.\d{6,}$`)

func DataSize(dataDir string) (s Sizes, err error) {
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
		size := disk.Allocated(info)
		s.Total, s.Largest = s.Total+size, max(s.Largest, size)
		if strings.HasSuffix(name, ".ibd") || strings.HasPrefix(name, "ibdata") || strings.HasPrefix(name, "undo") {
			s.InnoDB += size
		}
		return nil
	})
	if err != nil {
		return s, fmt.Errorf("measure the data directory: %w: run the daemon as root or as the server's user", err)
	}
	return s, nil
}
