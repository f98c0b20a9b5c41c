package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"dbcalm-db-cmd/steps/disk"
)

// lockName is the file in backup_dir that one daemon holds.
const lockName = ".lock"

// holding is a store's lock.
type holding struct {
	sync.Mutex
	// wanted is set for a daemon: who only looks at a store locks nothing.
	wanted bool
	file   *os.File
}

// Lock takes the store for this daemon alone. A store that is not there, its disk
// may not be mounted, is locked as soon as something is made in it. The error of
// one that another daemon has is a *disk.LockedError; of one that cannot be
// locked, disk.ErrNotLocked is told.
func (s *Store) Lock() error {
	s.held.Lock()
	defer s.held.Unlock()
	s.held.wanted = true
	return s.lockPresent()
}

// lockWanted is Lock for who is about to make something in the store: since it was
// locked, another disk may have been mounted there.
func (s *Store) lockWanted() error {
	s.held.Lock()
	defer s.held.Unlock()
	if !s.held.wanted {
		return nil
	}
	if err := s.lockPresent(); err != nil && !errors.Is(err, disk.ErrNotLocked) {
		return err
	}
	return nil
}

func (s *Store) lockPresent() error {
	path := filepath.Join(s.BackupDir, lockName)
	if s.held.file != nil {
		ours, err := s.held.file.Stat()
		there, thereErr := os.Lstat(path)
		if err == nil && thereErr == nil && os.SameFile(ours, there) {
			return nil
		}
	}
	f, err := disk.Lock(path)
	locked, taken := errors.AsType[*disk.LockedError](err)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case taken:
		return fmt.Errorf("another daemon (%s) already works on backup_dir %s: give each a backup_dir of its own, or stop it: %w", locked.Who(), s.BackupDir, err)
	case errors.Is(err, disk.ErrRefused):
		return fmt.Errorf("lock backup_dir: %w", err)
	case err != nil:
		return fmt.Errorf("lock backup_dir: %w: %w", err, disk.ErrNotLocked)
	}
	if s.held.file != nil {
		_ = s.held.file.Close()
	}
	s.held.file = f
	return nil
}

// Unlock lets another daemon have the store. Calling it twice is fine.
func (s *Store) Unlock() {
	s.held.Lock()
	defer s.held.Unlock()
	if s.held.file != nil {
		_ = s.held.file.Close()
	}
	s.held.file, s.held.wanted = nil, false
}
