package store

import (
	"fmt"
	"path/filepath"

	"dbcalm-db-cmd/steps/disk"
)

// CheckUnpacked compares what was unpacked with the list of what the stream
// holds, by presence and size.
func CheckUnpacked(l Link, folder string) error {
	c, err := l.Content()
	if err != nil {
		return err
	}
	files, _, err := ListTree(folder)
	if err != nil {
		return err
	}
	there := map[string]int64{}
	for _, f := range files {
		there[f.Path] = f.Size
	}
	for _, f := range c.Files {
		size, found := there[f.Path]
		if !found {
			return fmt.Errorf("file %s is missing", f.Path)
		}
		if size != f.Size {
			return fmt.Errorf("file %s has %d bytes instead of %d", f.Path, size, f.Size)
		}
		delete(there, f.Path)
	}
	for path := range there {
		return fmt.Errorf("file %s is not of the stream", path)
	}
	return nil
}

// RemoveTableLinks removes the links to tables elsewhere, which a stream may
// hold like any file.
func RemoveTableLinks(folder string) error {
	files, _, err := ListTree(folder)
	if err != nil {
		return err
	}
	for _, f := range files {
		if !isTableLink(f.Path) {
			continue
		}
		if err := disk.Remove(folder, f.Path); err != nil {
			return fmt.Errorf("stage backup: %w", err)
		}
		if err := disk.SyncDir(filepath.Dir(filepath.Join(folder, f.Path))); err != nil {
			return fmt.Errorf("stage backup: %w", err)
		}
	}
	return nil
}
