package steps

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"dbcalm-db-cmd/steps/crashpoint"
)

// stageLink brings a folder to hold exactly the files of a link.
func (h *Host) stageLink(ctx context.Context, l Link, to string) (copied, kept int, err error) {
	c, err := l.content()
	if err != nil {
		return 0, 0, err
	}
	if err := os.MkdirAll(to, 0o750); err != nil {
		return 0, 0, fmt.Errorf("stage backup '%s': %w", l.Record.ID, err)
	}
	if err := removeOthers(to, c); err != nil {
		return 0, 0, err
	}
	for _, folder := range c.folders {
		if err := os.MkdirAll(filepath.Join(to, folder), 0o750); err != nil {
			return 0, 0, fmt.Errorf("stage backup '%s': %w", l.Record.ID, err)
		}
	}
	keep := make([]bool, len(c.files))
	err = eachFile(ctx, h.Parallel, len(c.files), func(i int) error {
		crashpoint.Here("stage-file")
		var err error
		keep[i], err = l.stageFile(ctx, c.files[i], to)
		return h.blame(l.Record.ID, err)
	})
	for _, k := range keep {
		if k {
			kept++
		}
	}
	return len(c.files) - kept, kept, err
}

// removeOthers removes the files and folders of a stage that are not the
// link's: an interrupted prepare has left some.
func removeOthers(dir string, c content) error {
	there, foldersThere, err := listTree(dir)
	if err != nil {
		return err
	}
	wanted := map[string]bool{}
	for _, f := range c.files {
		wanted[f.restored().Path] = true
	}
	for _, folder := range c.folders {
		wanted[folder] = true
	}
	var others []string
	for _, f := range there {
		others = append(others, f.Path)
	}
	// Folders come after all files, and each after those in it.
	slices.Reverse(foldersThere)
	for _, name := range append(others, foldersThere...) {
		if wanted[name] {
			continue
		}
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("clean stage: %w", err)
		}
	}
	return nil
}
