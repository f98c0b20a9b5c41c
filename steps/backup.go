package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/crashpoint"
)

// prepareWork makes the fresh private folder of this attempt.
func (h *Host) prepareWork(_ context.Context, t Task) (Outcome, error) {
	folder, err := h.makeWork(t.Operation, t.Attempt)
	if err != nil {
		return Outcome{}, err
	}
	t.Data.Work, t.Data.CopyStarted = folder, time.Now().UTC()
	outcome := ok(t, "fresh folder "+folder)
	if t.form().Stream {
		outcome.Event = EventStream
	}
	return outcome, nil
}

// copyJob returns the tool's command line.
func (h *Host) copyJob(_ context.Context, t Task) (JobSpec, error) {
	credentials, err := h.Credentials()
	if err != nil {
		return JobSpec{}, err
	}
	base := ""
	if t.Args.FromBackupID != "" {
		base = h.BackupFolder(t.Args.FromBackupID)
	}
	return h.backupCommand(*t.Data.Tool, credentials, t.Data.Server.DataDir, t.Data.Work, base), nil
}

// copyFinish demands proof of success beyond the exit code.
func (h *Host) copyFinish(_ context.Context, t Task, r JobResult) (Outcome, error) {
	if err := h.proveCopy(t, r); err != nil {
		return Outcome{}, err
	}
	c, err := h.proveWork(t)
	if err != nil {
		return Outcome{}, claims(t, r, err)
	}
	outcome := ok(t, fmt.Sprintf("copied up to LSN %d in %s", c.ToLSN, r.Ended.Sub(r.Started).Round(time.Millisecond)))
	if compression := t.form().Compression; compression != "" {
		if err := refuseSuffix(t.Data.Work, compression); err != nil {
			return Outcome{}, err
		}
		outcome.Event = EventCompress
	}
	return outcome, nil
}

// proveCopy checks that the tool ran to its end without a complaint.
func (h *Host) proveCopy(t Task, r JobResult) error {
	if err := proveRun(t.Data.Tool.Name, r); err != nil {
		return err
	}
	if len(r.Complaints) == 0 {
		return nil
	}
	// Seen: the disk full for a second while the redo log was copied, and then
	// rc 0, right LSNs and "completed OK!" with the newest rows missing.
	lines := h.Redact(strings.Join(r.Complaints, "\n"))
	return &ToolError{Summary: t.Data.Tool.Name + " claims success, but complained while it copied" + adviceFor(lines), Tail: lines}
}

// claims is the error of a tool that has not done what it says.
func claims(t Task, r JobResult, err error) error {
	return &ToolError{Summary: t.Data.Tool.Name + " claims success, but " + err.Error(), Tail: lastLines(r.Tail, tailLines)}
}

func (h *Host) proveWork(t Task) (Checkpoints, error) {
	base, err := h.baseCheckpoints(t)
	if err != nil {
		return Checkpoints{}, err
	}
	return proveBackup(t.Data.Work, base)
}

// baseCheckpoints returns those of the backup that this one stands on, nil for
// a full one.
func (h *Host) baseCheckpoints(t Task) (*Checkpoints, error) {
	if t.Args.FromBackupID == "" {
		return nil, nil
	}
	base, err := readCheckpoints(h.BackupFolder(t.Args.FromBackupID))
	return &base, err
}

// publish gives the finished folder its name, which nothing may have taken.
func (h *Host) publish(ctx context.Context, t Task) (Outcome, error) {
	if outcome, done, err := h.probePublished(ctx, t); done || err != nil {
		return outcome, err
	}
	target := h.BackupFolder(t.Args.ID)
	if err := renameNew(t.Data.Work, target); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return Outcome{}, fmt.Errorf("the folder %s has appeared meanwhile; it is left alone and this backup is given up", target)
		}
		return Outcome{}, fmt.Errorf("publish backup: %w", err)
	}
	crashpoint.Here("publish-after-rename")
	return h.published(t)
}

// published makes the new name durable.
func (h *Host) published(t Task) (Outcome, error) {
	for _, folder := range []string{h.BackupDir, h.partialDir()} {
		if err := syncDir(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return Outcome{}, err
		}
	}
	if err := h.removeWork(t.Operation); err != nil {
		return Outcome{}, err
	}
	return ok(t, "published as "+h.BackupFolder(t.Args.ID)), nil
}

// probePublished tells whether the rename was done before an interruption.
func (h *Host) probePublished(_ context.Context, t Task) (Outcome, bool, error) {
	ours, err := h.ownsBackup(t)
	if err != nil || !ours {
		return Outcome{}, false, err
	}
	outcome, err := h.published(t)
	return outcome, err == nil, err
}

// ownsBackup tells whether the folder of the operation's backup is there and
// was made by this operation.
func (h *Host) ownsBackup(t Task) (bool, error) {
	m, err := ReadManifest(h.BackupFolder(t.Args.ID))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return m.Operation == t.Operation, nil
}

// recordBackup returns the row that makes the backup known.
func (h *Host) recordBackup(_ context.Context, t Task) (Outcome, error) {
	m, err := ReadManifest(h.BackupFolder(t.Args.ID))
	if err != nil {
		return Outcome{}, err
	}
	outcome := ok(t, fmt.Sprintf("recorded: %s, LSN %d to %d", humanBytes(uint64(m.Size)), m.FromLSN, m.ToLSN))
	outcome.Backup = &persistence.Backup{ID: m.ID, FromBackupID: m.ParentID, ScheduleID: m.ScheduleID,
		StartTime: m.StartTime, EndTime: &m.EndTime, Size: &m.Size}
	return outcome, nil
}

// discardBackup removes what the operation has made, and nothing else.
func (h *Host) discardBackup(_ context.Context, t Task) (Outcome, error) {
	ours, err := h.ownsBackup(t)
	if err != nil {
		return Outcome{}, err
	}
	if ours {
		if err := h.retire(t.Operation, t.Attempt, t.Args.ID); err != nil {
			return Outcome{}, err
		}
	}
	if err := h.removeWork(t.Operation); err != nil {
		return Outcome{}, err
	}
	return discarded(t), nil
}

// discarded is the outcome of a clean-up: what caused it decides how the
// operation ends.
func discarded(t Task) Outcome {
	outcome := Outcome{Event: EventFailed, Reason: "partial work removed", Data: t.Data}
	if t.Cancelled {
		outcome.Event = EventCancelled
	}
	return outcome
}
