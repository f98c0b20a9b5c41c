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
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/inventory"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/tool"
)

// reserveWork makes the fresh private folder of this attempt, and notes down what
// the server has.
func (s backupSteps) reserveWork(ctx context.Context, t Task) (Outcome, error) {
	folder, err := s.Store.MakeWork(t.Operation, t.Attempt)
	if err != nil {
		return Outcome{}, err
	}
	t.Data.Work, t.Data.CopyStarted = folder, time.Now().UTC()
	reason := "fresh folder " + folder
	if t.Data.Server != nil {
		before, err := inventory.Take(ctx, s.Server, t.Data.Server.DataDir)
		if err != nil {
			return Outcome{}, err
		}
		t.Data.Before = store.BeforeFile(folder)
		if err := before.Keep(t.Data.Before); err != nil {
			return Outcome{}, err
		}
		reason += fmt.Sprintf("; the server has %d files of tables", len(before.Files))
		if err := s.observeTables(ctx, t); err != nil {
			return Outcome{}, err
		}
	}
	outcome := ok(t, reason)
	if t.form().Stream {
		outcome.Event = EventStream
	}
	return outcome, nil
}

// copyJob returns the tool's command line.
func (s backupSteps) copyJob(_ context.Context, t Task) (job.Spec, error) {
	credentials, err := s.Server.Credentials()
	if err != nil {
		return job.Spec{}, err
	}
	base, rights, err := s.copying(t)
	if err != nil {
		return job.Spec{}, err
	}
	return s.Tool.BackupCommand(*t.Data.Tool, credentials, rights, t.Data.Server.DataDir, t.Data.Work, base), nil
}

// copying returns what the tool stands on and whose rights it runs with.
func (s backupSteps) copying(t Task) (base tool.Base, rights *job.Rights, err error) {
	checkpoints, err := s.baseCheckpoints(t)
	if err != nil {
		return base, nil, err
	}
	if checkpoints != nil {
		base = tool.Base{Folder: s.Store.Folder(t.Args.FromBackupID), ToLSN: checkpoints.ToLSN}
	}
	if rights, err = s.Server.ToolRights(); rights != nil && !disk.CanGive(t.Data.Work, int(rights.UID)) {
		rights = nil
	}
	return base, rights, err
}

// copyFinish demands proof of success beyond the exit code.
func (s backupSteps) copyFinish(ctx context.Context, t Task, r job.Result) (Outcome, error) {
	if err := s.proveCopy(t, r); err != nil {
		return Outcome{}, err
	}
	c, err := s.proveWork(t)
	if err != nil {
		return Outcome{}, claims(t, r, err)
	}
	proved, err := s.proveAgainstServer(ctx, t, r, s.workNames)
	if err != nil {
		return Outcome{}, err
	}
	compression := t.form().Compression
	if compression != "" {
		if t.Data.Unpackable, err = store.Unpackable(t.Data.Work, compression); err != nil {
			return Outcome{}, err
		}
	}
	outcome := ok(t, fmt.Sprintf("copied up to LSN %d in %s%s", c.ToLSN, r.Ended.Sub(r.Started).Round(time.Millisecond), proved))
	if compression != "" {
		outcome.Event = EventCompress
	}
	if t.Data.Count.On() {
		outcome.Event = EventCount
	}
	return outcome, nil
}

// proveCopy checks that the tool ran to its end without a complaint.
func (s backupSteps) proveCopy(t Task, r job.Result) error {
	if err := tool.ProveRun(t.Data.Tool.Name, r); err != nil {
		return err
	}
	if len(r.Complaints) == 0 {
		return nil
	}
	// Seen: the disk full for a second while the redo log was copied, and then
	// rc 0, right LSNs and "completed OK!" with the newest rows missing.
	lines := s.Server.Redact(strings.Join(r.Complaints, "\n"))
	return &tool.Error{Summary: t.Data.Tool.Name + " claims success, but complained while it copied" + tool.Advice(lines), Tail: lines}
}

// claims is the error of a tool that has not done what it says.
func claims(t Task, r job.Result, err error) error {
	return &tool.Error{Summary: t.Data.Tool.Name + " claims success, but " + err.Error(), Tail: tool.LastLines(r.Tail, tool.TailLines)}
}

func (s backupSteps) proveWork(t Task) (tool.Checkpoints, error) {
	base, err := s.baseCheckpoints(t)
	if err != nil {
		return tool.Checkpoints{}, err
	}
	return tool.ProveBackup(t.Data.Work, base)
}

// baseCheckpoints returns those of the backup that this one stands on, nil for
// a full one.
func (s backupSteps) baseCheckpoints(t Task) (*tool.Checkpoints, error) {
	if t.Args.FromBackupID == "" {
		return nil, nil
	}
	base, err := tool.ReadCheckpoints(s.Store.Folder(t.Args.FromBackupID))
	return &base, err
}

// publish gives the finished folder its name, which nothing may have taken.
func (s backupSteps) publish(ctx context.Context, t Task) (Outcome, error) {
	if outcome, done, err := s.probePublished(ctx, t); done || err != nil {
		return outcome, err
	}
	target := s.Store.Folder(t.Args.ID)
	if err := disk.RenameNew(t.Data.Work, target); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return Outcome{}, fmt.Errorf("the folder %s has appeared meanwhile; it is left alone and this backup is given up", target)
		}
		return Outcome{}, fmt.Errorf("publish backup: %w", err)
	}
	crashpoint.Here("publish-after-rename")
	return s.published(t)
}

// published makes the new name durable.
func (s backupSteps) published(t Task) (Outcome, error) {
	for _, folder := range []string{s.Store.BackupDir, s.Store.PartialDir()} {
		if err := disk.SyncDir(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return Outcome{}, err
		}
	}
	if err := s.Store.RemoveWork(t.Operation); err != nil {
		return Outcome{}, err
	}
	return ok(t, "published as "+s.Store.Folder(t.Args.ID)), nil
}

// probePublished reports whether the rename was done before an interruption.
func (s backupSteps) probePublished(_ context.Context, t Task) (Outcome, bool, error) {
	ours, err := s.ownsBackup(t)
	if err != nil || !ours {
		return Outcome{}, false, err
	}
	outcome, err := s.published(t)
	return outcome, err == nil, err
}

// ownsBackup reports whether the folder of the operation's backup is there and
// was made by this operation.
func (s backupSteps) ownsBackup(t Task) (bool, error) {
	m, err := store.ReadManifest(s.Store.Folder(t.Args.ID))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return m.Operation == t.Operation, nil
}

// recordBackup returns the row that makes the backup known.
func (s backupSteps) recordBackup(_ context.Context, t Task) (Outcome, error) {
	m, err := store.ReadManifest(s.Store.Folder(t.Args.ID))
	if err != nil {
		return Outcome{}, err
	}
	if t.Data.Manifest != "" && m.SHA256 != t.Data.Manifest {
		return Outcome{}, fmt.Errorf("the %s of backup '%s' has been changed by somebody else since it was written: "+
			"see who may write to %s, and take the backup again", store.ManifestName, t.Args.ID, s.Store.BackupDir)
	}
	// #nosec G115 -- a size is never negative
	outcome := ok(t, fmt.Sprintf("recorded: %s, LSN %d to %d", disk.HumanBytes(uint64(m.Size)), m.FromLSN, m.ToLSN))
	outcome.Backup = &persistence.Backup{ID: m.ID, FromBackupID: m.ParentID, ScheduleID: m.ScheduleID,
		StartTime: m.StartTime, EndTime: &m.EndTime, Size: &m.Size, ManifestSHA256: m.SHA256, Store: s.Store.Identity()}
	return outcome, nil
}

// discardBackup removes what the operation has made, and nothing else.
func (s backupSteps) discardBackup(_ context.Context, t Task) (Outcome, error) {
	ours, err := s.ownsBackup(t)
	if err != nil {
		return Outcome{}, err
	}
	if ours {
		if err := s.Store.Retire(t.Operation, t.Attempt, t.Args.ID); err != nil {
			return Outcome{}, err
		}
	}
	if err := s.Store.RemoveWork(t.Operation); err != nil {
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
