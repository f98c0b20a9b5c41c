package machine

import (
	"context"
	"errors"
	"time"

	"dbcalm-db-cmd/persistence"
)

// Health says whether the daemon can do its work, and what last went wrong.
type Health struct {
	// Status is ok or failing.
	Status string `json:"status"`
	// Checks holds, for the name of each check, ok or what is wrong and what to
	// do about it.
	Checks map[string]string `json:"checks"`
	// LastError is the newest failure of an operation. It does not make the
	// daemon any less healthy.
	LastError *LastError `json:"last_error"`
}

// LastError is the failure of an operation.
type LastError struct {
	Operation string    `json:"operation"`
	Machine   string    `json:"machine"`
	Backup    string    `json:"backup"`
	State     string    `json:"state"`
	At        time.Time `json:"at"`
	Error     string    `json:"error"`
}

// The names of the checks.
const (
	checkDatabase = "database"
	checkStore    = "backup_dir"
)

// The statuses of health, and a check's verdict if nothing is wrong.
const (
	HealthOK      = "ok"
	HealthFailing = "failing"
)

// Health looks whether the database can be written and the store is there.
func (m *Manager) Health(ctx context.Context) Health {
	h := Health{Status: HealthOK, Checks: map[string]string{checkDatabase: HealthOK, checkStore: HealthOK}}
	fail := func(check string, err error) {
		h.Status, h.Checks[check] = HealthFailing, err.Error()
	}
	if err := m.store.CheckWritable(ctx); err != nil {
		fail(checkDatabase, err)
	}
	recorded, err := m.store.Backups(ctx)
	if err != nil {
		fail(checkDatabase, err)
	}
	ids := make([]string, len(recorded))
	for i, b := range recorded {
		ids[i] = b.ID
	}
	if err := m.host.Store.CheckStore(ids); err != nil {
		fail(checkStore, err)
	}
	end, err := m.store.LastFailure(ctx)
	switch {
	case err == nil:
		h.LastError = &LastError{Operation: end.OperationID, Machine: end.Machine, Backup: end.BackupID,
			State: end.FailedIn, At: end.At, Error: end.Error}
	case !errors.Is(err, persistence.ErrNotFound):
		fail(checkDatabase, err)
	}
	return h
}
