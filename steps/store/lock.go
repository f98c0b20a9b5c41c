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

// lock takes the store at dir.
func (h *holding) lock(dir string) error {
	h.Lock()
	defer h.Unlock()
	h.wanted = true
	return h.lockPresent(dir)
}

// again is lock for who is about to make something in the store: since it was
// locked, another disk may have been mounted there.
func (h *holding) again(dir string) error {
	h.Lock()
	defer h.Unlock()
	if !h.wanted {
		return nil
	}
	if err := h.lockPresent(dir); err != nil && !errors.Is(err, disk.ErrNotLocked) {
		return err
	}
	return nil
}

func (h *holding) lockPresent(dir string) error {
	path := filepath.Join(dir, lockName)
	if h.file != nil {
		ours, err := h.file.Stat()
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
		return fmt.Errorf("another daemon (%s) already works on backup_dir %s: give each a backup_dir of its own, or stop it: %w",
			locked.Who(), dir, err)
	case errors.Is(err, disk.ErrRefused):
		return fmt.Errorf("lock backup_dir: %w", err)
	case err != nil:
		return fmt.Errorf("lock backup_dir: %w: %w", err, disk.ErrNotLocked)
	}
	if h.file != nil {
		_ = h.file.Close()
	}
	h.file = f
	return nil
}

// unlock lets another daemon have it.
func (h *holding) unlock() {
	h.Lock()
	defer h.Unlock()
	if h.file != nil {
		_ = h.file.Close()
	}
	h.file, h.wanted = nil, false
}
