package storetest

import (
	"errors"
	"time"

	"dbcalm-db-cmd/persistence"
)

// ErrCatalog is what a catalog says that cannot be read.
var ErrCatalog = errors.New("database is locked")

// Records is a Catalog in memory.
type Records struct {
	Backups map[string]persistence.Backup
	// Restores is the number of the operation that last replaced the data
	// directory, Restored when that was by the clock of then.
	Restores int64
	Restored time.Time
	Err      error
}

// ForgetManifest makes a record one of before the manifests were remembered.
func (r *Records) ForgetManifest(id string) {
	b := r.Backups[id]
	b.ManifestSHA256 = ""
	r.Backups[id] = b
}
