package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/disk"
)

const (
	// formerStateDir was the default before config.DefaultStateDir.
	formerStateDir = "/var/lib/dbcalm/db-cmd"

	jobsName = "jobs"
	logsName = "logs"
)

// formerState is a state_dir that an earlier version of this program used. Jobs
// that it began still work there, and know their folders by that name.
type formerState struct {
	path string
	root *os.Root
}

// stateBefore returns the former state_dir if the present one is the default
// and there still is a former one; else nil.
func stateBefore(dir string) (*formerState, error) {
	if dir != config.DefaultStateDir {
		return nil, nil
	}
	return openFormerState(formerStateDir)
}

// openFormerState opens a former state_dir, which must be what it was: a folder
// of this user's that nobody else may enter. It lies where others may write.
func openFormerState(path string) (*formerState, error) {
	if info, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil || !info.IsDir() {
		return nil, errors.Join(fmt.Errorf("%s is no folder", path), err)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("open former state_dir: %w", err)
	}
	info, err := root.Stat(".")
	if err == nil && (disk.OwnerOf(info) != os.Geteuid() || info.Mode().Perm() != 0o700) {
		err = fmt.Errorf("%s is no longer this user's alone: nothing in it is believed", path)
	}
	if err != nil {
		_ = root.Close()
		return nil, err
	}
	return &formerState{path: path, root: root}, nil
}

// Close closes the folder.
func (f *formerState) Close() error { return f.root.Close() }

// jobDirs are the folders in which jobs may lie.
func jobDirs(dir string) []string {
	dirs := []string{filepath.Join(dir, jobsName)}
	if dir == config.DefaultStateDir {
		dirs = append(dirs, filepath.Join(formerStateDir, jobsName))
	}
	return dirs
}

// tidy brings what is kept of the programs' output into the present state_dir,
// and removes the rest: but for the jobs that are still open, whose folders go
// with a later start.
func (f *formerState) tidy(ctx context.Context, store *persistence.Store, dir string) error {
	if err := f.moveLogs(dir); err != nil {
		return err
	}
	open, err := store.OpenOperations(ctx)
	if err != nil {
		return err
	}
	keep := map[string]bool{}
	for _, o := range open {
		job, err := store.OpenJob(ctx, o.ID)
		if err != nil && !errors.Is(err, persistence.ErrNotFound) {
			return err
		}
		keep[job.Folder] = true
	}
	jobs, err := fs.ReadDir(f.root.FS(), jobsName)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("list former jobs: %w", err)
	}
	left := 0
	for _, job := range jobs {
		if keep[filepath.Join(f.path, jobsName, job.Name())] {
			left++
			continue
		}
		if err := f.root.RemoveAll(filepath.Join(jobsName, job.Name())); err != nil {
			return fmt.Errorf("remove former job: %w", err)
		}
	}
	if left > 0 {
		return nil
	}
	for _, name := range []string{jobsName, lockName} {
		if err := f.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove former state_dir: %w", err)
		}
	}
	if err := os.Remove(f.path); err != nil {
		return fmt.Errorf("remove former state_dir: %w", err)
	}
	return nil
}

// moveLogs moves the kept output, unless there is some in the new place already.
func (f *formerState) moveLogs(dir string) error {
	if info, err := f.root.Lstat(logsName); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil || !info.IsDir() {
		return errors.Join(fmt.Errorf("%s is no folder", filepath.Join(f.path, logsName)), err)
	}
	folder, err := f.root.Open(".")
	if err != nil {
		return fmt.Errorf("open former state_dir: %w", err)
	}
	defer folder.Close()
	err = unix.Renameat2(int(folder.Fd()), logsName, unix.AT_FDCWD, filepath.Join(dir, logsName), unix.RENAME_NOREPLACE)
	if err != nil {
		return fmt.Errorf("move %s to %s: %w: move it by hand, for operations logs", filepath.Join(f.path, logsName), dir, err)
	}
	return nil
}
