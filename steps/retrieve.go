package steps

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"

	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/store"
)

// ErrNoRetrieve: a forwarded backup cannot be got back.
var ErrNoRetrieve = errors.New("retrieve is not set")

// retrieveKey is the configuration's name of the command that prints what was
// forwarded.
const retrieveKey = "retrieve"

// CheckRetrievable refuses backups that were forwarded when no command is
// configured that gets them back. A manifest that cannot be read is left to
// the checks of the chain.
func (h *Host) CheckRetrievable(ids []string) error {
	if h.Retrieve != "" {
		return nil
	}
	for _, id := range ids {
		if m, err := store.ReadManifest(h.Store.Folder(id)); err == nil {
			if err := h.CheckStreamRetrievable(m); err != nil {
				return err
			}
		}
	}
	return nil
}

func (h *Host) CheckStreamRetrievable(m *store.Manifest) error {
	if m.Stream == nil || !m.Stream.Forwarded || h.Retrieve != "" {
		return nil
	}
	return fmt.Errorf("backup '%s' was forwarded as %s, and %w: set retrieve in the configuration to the command that prints it, and start the daemon again", m.ID, m.Stream.File, ErrNoRetrieve)
}

// feed makes a backup's stream the standard input of a job's program, from the
// store or from the command that gets back what was forwarded.
func (h *Host) feed(spec *job.Spec, m *store.Manifest) error {
	if err := h.CheckStreamRetrievable(m); err != nil {
		return err
	}
	s := &job.Stream{Direction: job.StreamIn, Compression: m.Stream.Compression, Size: m.Stream.StoredSize, SHA256: m.Stream.SHA256, StallTimeout: cmp.Or(h.StallTimeout, job.DefaultStallTimeout)}
	if m.Stream.Forwarded {
		// All three are what the command had that took the stream: whatever name
		// that made of them, this one can make, too.
		s.Command, s.Env = retrieveKey, streamEnv(m.ID, m.Stream.File, m.Operation)
		spec.Shell = h.Retrieve
	} else {
		s.File = filepath.Join(h.Store.Folder(m.ID), m.Stream.File)
	}
	spec.Stream = s
	return nil
}

// streamEnv is what a shell command is told of the stream it takes or gives.
func streamEnv(id, file, operation string) []string {
	return []string{"DBCALM_BACKUP_ID=" + id, "DBCALM_FILE=" + file, "DBCALM_OPERATION_ID=" + operation}
}
