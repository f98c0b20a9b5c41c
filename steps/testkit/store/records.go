package storetest

import (
	"errors"
	"time"

	"dbcalm-db-cmd/persistence"
)

// errCatalog is what a catalog says that cannot be read.
var ErrCatalog = errors.New("database is locked")

// records is a Catalog in memory.
type Records struct {
	Backups  map[string]persistence.Backup
	Restored time.Time
	Err      error
}
