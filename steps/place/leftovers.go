package place

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/server"
)

// Aside is the folder that takes what a stopped server has left in the data
// directory: beside the stage, and named for the restore. It stays when the
// restore is over.
func (p *Placement) Aside() string { return p.Stage + "-leftovers" }

// SetAside lists what was moved out of the data directory.
func (p *Placement) SetAside() ([]string, error) {
	entries, err := disk.ReadDir(p.Aside())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, nil
}

// Told says for people what was moved where; nothing if there was nothing.
func (p *Placement) Told() (string, error) {
	names, err := p.SetAside()
	if err != nil || len(names) == 0 {
		return "", err
	}
	return fmt.Sprintf("; what the stopped server had left was moved to %s: %s", p.Aside(), strings.Join(names, ", ")), nil
}

// setAside moves what a stopped server has left out of the data directory, by
// renames below one open folder: who owns the data directory leads them nowhere
// else. Run again, it goes on where it stopped.
func (p *Placement) setAside() error {
	names, err := server.Leftovers(p.Target)
	if err != nil || len(names) == 0 {
		return err
	}
	return p.between(func(root *os.Root, inside, aside string) error {
		if err := root.Mkdir(aside, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		for _, name := range names {
			if err := renameNew(root, filepath.Join(inside, name), filepath.Join(aside, name)); err != nil {
				return err
			}
		}
		return nil
	})
}

// putBack moves back what was set aside. What a server that was started since has
// made anew stays, and so does the former beside it.
func (p *Placement) putBack() error {
	names, err := p.SetAside()
	if err != nil || len(names) == 0 {
		return err
	}
	return p.between(func(root *os.Root, inside, aside string) error {
		for _, name := range names {
			if err := renameNew(root, filepath.Join(aside, name), filepath.Join(inside, name)); err != nil && !errors.Is(err, fs.ErrExist) {
				return err
			}
		}
		_ = root.Remove(aside)
		return nil
	})
}

// between opens the folder below which the data directory and what is set aside
// both lie, and makes durable what work has done to either.
func (p *Placement) between(work func(root *os.Root, inside, aside string) error) error {
	above := filepath.Dir(p.Aside())
	inside, err := filepath.Rel(above, p.Target)
	if err != nil {
		return err
	}
	root, err := disk.OpenFolder(above)
	if err == nil {
		err = work(root, inside, filepath.Base(p.Aside()))
		err = errors.Join(err, root.Close())
	}
	if err != nil {
		return fmt.Errorf("move what the stopped server has left: %w", err)
	}
	for _, folder := range []string{p.Aside(), p.Target, above} {
		if err := disk.SyncDir(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// renameNew renames below root, and never over anything.
func renameNew(root *os.Root, from, to string) error {
	if _, err := root.Lstat(to); err == nil {
		return &fs.PathError{Op: "rename", Path: to, Err: fs.ErrExist}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return root.Rename(from, to)
}
