package tool

import (
	"fmt"
	"io/fs"
	"strings"

	"dbcalm-db-cmd/steps/disk"
)

// ProveRenames refuses an incremental backup during which tables exchanged
// their names: mariabackup 10.11 reports success and then cannot apply it,
// "Can't rename … .ibd.meta … errno 2". It can apply such a full backup.
func ProveRenames(folder string) error {
	renamed := map[string]string{}
	root, err := disk.OpenFolder(folder)
	if err != nil {
		return fmt.Errorf("look for renamed tables: %w", err)
	}
	defer root.Close()
	err = fs.WalkDir(root.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		from, marked := strings.CutSuffix(path, MarkRenamed)
		if !marked || !entry.Type().IsRegular() {
			return nil
		}
		renamed[from], err = ReadRename(folder, path)
		return err
	})
	if err != nil {
		return fmt.Errorf("look for renamed tables: %w", err)
	}
	return NoExchange(renamed)
}

// NoExchange refuses renames, from the old names to the new, that lead back to
// where they began.
func NoExchange(renamed map[string]string) error {
	for from := range renamed {
		to := renamed[from]
		for range len(renamed) {
			if next, found := renamed[to]; found && to != from {
				to = next
			}
		}
		if to == from {
			return fmt.Errorf("table %s and another exchanged their names while it copied, "+
				"and the tool cannot apply such an incremental backup: take it again when no tables are renamed", from)
		}
	}
	return nil
}
