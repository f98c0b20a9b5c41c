package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rs/zerolog"

	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/disk"
)

// lockName is the file in the state directory that one daemon holds.
const lockName = "daemon.lock"

// lockState takes the state directory for this daemon alone.
func lockState(dir string) (io.Closer, error) {
	return lockFile(filepath.Join(dir, lockName), dir)
}

// lockDatabase takes the database: a daemon with another state directory must
// not carry on the operations of this one.
func lockDatabase(path string) (io.Closer, error) {
	// #nosec G301 -- the group of the SQLite file's folder writes there
	if err := os.MkdirAll(filepath.Dir(path), 0o770); err != nil {
		return nil, fmt.Errorf("create folder of the state database: %w", err)
	}
	return lockFile(path+".lock", path)
}

// lockStore takes the backup store: what two daemons make and remove there, each
// of them would take for its own. One that cannot be locked is only told of.
func lockStore(host *steps.Host, log zerolog.Logger) error {
	err := host.Store.Lock()
	if _, held := errors.AsType[*disk.LockedError](err); held {
		return exitWith(exitRunning, err)
	}
	if errors.Is(err, disk.ErrNotLocked) {
		log.Warn().Err(err).Msg("backup_dir is not locked")
		return nil
	}
	return err
}

// lockFile holds a lock on a file for as long as it is open.
func lockFile(path, what string) (io.Closer, error) {
	f, err := disk.Lock(path)
	locked, held := errors.AsType[*disk.LockedError](err)
	switch {
	case held && locked.Holder != "":
		return nil, exitWith(exitRunning, fmt.Errorf("another daemon (%s) already runs on %s: stop it first", locked.Who(), what))
	case held:
		return nil, exitWith(exitRunning, fmt.Errorf("another daemon already runs on %s: stop it first", what))
	case errors.Is(err, disk.ErrRefused):
		return nil, fmt.Errorf("lock %s: %w", what, err)
	case err != nil:
		return nil, fmt.Errorf("lock %s: %w: check that its file system is mounted, has room and may be written", what, err)
	}
	return f, nil
}

// makeState makes the state directory, which is the daemon's alone.
func makeState(dir string) error { return os.MkdirAll(dir, 0o700) }
