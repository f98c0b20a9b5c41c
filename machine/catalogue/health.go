package catalogue

import (
	"context"
	"errors"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
)

// The names of the checks.
const (
	checkDatabase = "database"
	checkStore    = "backup_dir"
	checkArchive  = "archive"
)

// Health looks whether the database can be written and the store is there.
func (cat *Catalogue) Health(ctx context.Context) api.Health {
	h := api.Health{Status: api.HealthOK, Checks: map[string]string{checkDatabase: api.HealthOK, checkStore: api.HealthOK}}
	fail := func(check string, err error) {
		h.Status, h.Checks[check] = api.HealthFailing, err.Error()
	}
	if err := cat.store.CheckWritable(ctx); err != nil {
		fail(checkDatabase, err)
	}
	ids, err := cat.store.BackupIDs(ctx)
	if err != nil {
		fail(checkDatabase, err)
	}
	if err := cat.host.Store.CheckStore(ids); err != nil {
		fail(checkStore, err)
	}
	if status := cat.host.Archive.Status; status != nil {
		h.Checks[checkArchive] = api.HealthOK
		if why := status().Failing(); why != "" {
			fail(checkArchive, errors.New(why))
		}
	}
	end, err := cat.store.LastFailure(ctx)
	switch {
	case err == nil:
		h.LastError = &api.LastError{Operation: end.OperationID, Machine: end.Machine, Backup: end.BackupID,
			State: end.FailedIn, At: end.At, Error: end.Error}
	case !errors.Is(err, persistence.ErrNotFound):
		fail(checkDatabase, err)
	}
	return h
}
