package steps

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"dbcalm-db-cmd/steps/disk"
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

// nextForwarded returns the first link whose stream lies elsewhere and has not
// been looked at.
func nextForwarded(t Task, links []store.Link) (int, store.Link, bool) {
	for i, l := range links {
		if l.Forwarded() && !slices.Contains(t.Data.Unpacked, i) {
			return i, l, true
		}
	}
	return 0, store.Link{}, false
}

// retrieveJob gets back the next stream that was forwarded; the supervisor
// checks it and throws it away.
func (s verifySteps) retrieveJob(ctx context.Context, t Task) (job.Spec, error) {
	links, err := s.Store.Chain(ctx, t.Args.IDList)
	if err != nil {
		return job.Spec{}, err
	}
	_, l, found := nextForwarded(t, links)
	if !found {
		return job.Spec{}, errors.New("no forwarded stream of the chain is left to look at")
	}
	spec := job.Spec{Dir: "/", Grace: job.StopGrace}
	err = s.feed(&spec, l.Manifest)
	return spec, err
}

// retrieveFinish judges what came.
func (s verifySteps) retrieveFinish(ctx context.Context, t Task, r job.Result) (Outcome, error) {
	links, err := s.Store.Chain(ctx, t.Args.IDList)
	if err != nil {
		return Outcome{}, instead(err, links, TargetVerify)
	}
	i, l, found := nextForwarded(t, links)
	if !found {
		return Outcome{}, errors.New("no forwarded stream of the chain is left to look at")
	}
	id := l.Manifest.ID
	if err := proveStream("look at backup '"+id+"'", retrieveKey, r); err != nil {
		return Outcome{}, s.restores().insteadOfStream(ctx, t, i, s.restores().blameStream(t, id, r, err))
	}
	t.Data.Unpacked = append(slices.Clone(t.Data.Unpacked), i)
	// #nosec G115 -- a size is never negative
	outcome := ok(t, fmt.Sprintf("'%s' retrieved, %s, checksum right, in %s", id, disk.HumanBytes(uint64(r.Stream.StoredSize)), r.Ended.Sub(r.Started).Round(time.Millisecond)))
	if _, _, more := nextForwarded(t, links); more {
		outcome.Event = EventMore
	}
	return outcome, nil
}

// retrieveProgress tells how much has come.
func (s verifySteps) retrieveProgress(t Task, folder string) (disk.Progress, bool) {
	for i, id := range t.Args.IDList {
		if l := (store.Link{Manifest: s.Store.ManifestOrNil(id)}); l.Forwarded() && !slices.Contains(t.Data.Unpacked, i) {
			come, told := job.ReadProgress(folder)
			return disk.Progress{Done: come.Stored, Total: l.Manifest.Stream.StoredSize}, told
		}
	}
	return disk.Progress{}, false
}
