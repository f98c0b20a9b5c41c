package boot

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/tool"
)

// ownLog is the binary log that a MySQL writes while it replays, in the folder. It
// goes on after the file that the backup has of it, if that has one: there the
// server looks which transactions were committed.
type ownLog struct {
	// base is its files' name without their numbers, index the file that lists them.
	base, index string
	// last is the file that the backup has; empty for none.
	last string
}

// findLog looks in the folder for the log of the server that was backed up, whose
// file at that moment is given.
func findLog(folder, file string) (ownLog, error) {
	l := ownLog{base: strings.TrimSuffix(file, filepath.Ext(file))}
	l.index = l.base + ".index"
	there, err := disk.Exists(filepath.Join(folder, file))
	if err != nil {
		return l, fmt.Errorf("look for the binary log: %w", err)
	}
	if there {
		l.last = file
	}
	indexes, err := filepath.Glob(filepath.Join(folder, "*.index"))
	if err != nil {
		return l, fmt.Errorf("look for the binary log: %w", err)
	}
	for _, path := range indexes {
		text, err := disk.ReadSmall(folder, filepath.Base(path), tool.MaxMetadata)
		if err != nil {
			return l, fmt.Errorf("look for the binary log: %w", err)
		}
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(filepath.Base(strings.TrimSpace(line)), l.base+".") {
				l.index = filepath.Base(path)
			}
		}
	}
	return l, nil
}

// list has the index list the backup's file where it lies now, whatever the path was
// on the server.
func (l ownLog) list(folder string) error {
	if l.last == "" {
		return nil
	}
	path := filepath.Join(folder, l.index)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("list the binary log: %w", err)
	}
	if err := os.WriteFile(path, []byte("./"+l.last+"\n"), 0o600); err != nil {
		return fmt.Errorf("list the binary log: %w", err)
	}
	return nil
}
