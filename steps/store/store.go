package store

import (
	"context"
	"time"

	"dbcalm-db-cmd/persistence"
)

// Store is the backup store. Its methods may be called from any goroutine.
type Store struct {
	BackupDir string
	// Parallel is the number of files read and written at a time.
	Parallel int
	Catalog  Catalog

	held holding
}

// Catalog is what the store asks of the recorded backups.
type Catalog interface {
	// Backup returns a recorded backup or persistence.ErrNotFound.
	Backup(ctx context.Context, id string) (persistence.Backup, error)
	// Children returns the backups that stand directly on the given one.
	Children(ctx context.Context, id string) ([]persistence.Backup, error)
	// RestoredSince returns when a restore last replaced the data directory, if that
	// was after the given backup was made; the zero time if not.
	RestoredSince(ctx context.Context, b persistence.Backup) (time.Time, error)
}
