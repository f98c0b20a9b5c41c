package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/place"
)

// recordRestore returns the row that tells of the restore.
func (s restoreSteps) recordRestore(ctx context.Context, t Task) (Outcome, error) {
	ids := t.Args.IDList
	last, err := s.Store.Catalog.Backup(ctx, ids[len(ids)-1])
	if errors.Is(err, persistence.ErrNotFound) {
		// Another program has deleted the row meanwhile; the restore stands.
		return ok(t, "restored; the backup's record is gone"), nil
	}
	if err != nil {
		return Outcome{}, err
	}
	told := "restored into " + t.Data.Placement.Target
	if p := t.Data.Replay; p != nil {
		told += fmt.Sprintf(", and brought to %s: %s of the archive, up to GTID %s", p.Moment,
			disk.Count(p.Transactions, "transaction"), shownGTID(p.GTID))
	} else {
		told += s.position(ctx, last.ID)
	}
	if m := s.Store.ManifestOrNil(last.ID); m != nil && t.Args.Target == TargetDatabase {
		told += m.Server.BinlogStays("; ")
	}
	outcome := ok(t, told)
	outcome.Restore = &persistence.Restore{BackupID: ids[0], BackupTimestamp: last.StartTime, Target: t.Args.Target,
		TargetPath: t.Data.Placement.Target, StartTime: t.CreatedAt, EndTime: time.Now().UTC()}
	return outcome, nil
}

// maxShownGTID is how much of a GTID goes into a line.
const maxShownGTID = 400

// shownGTID is what of a GTID goes into a line: a set of MySQL's has no bounds.
func shownGTID(gtid string) string {
	if len(gtid) <= maxShownGTID {
		return gtid
	}
	return gtid[:maxShownGTID] + "…"
}

// position tells where the server's binary log was at the moment that was
// restored, and what makes a replica of it.
func (s restoreSteps) position(ctx context.Context, id string) string {
	m, err := s.Store.RecordedManifest(ctx, id)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && m.Binlog == nil:
		return ""
	case err != nil:
		// All is in place: the restore stands.
		return "; where the binary log was cannot be told: " + err.Error()
	case len(m.Binlog.GTID) > maxShownGTID:
		return fmt.Sprintf("; the binary log was in %s at %d; its GTID, and how to make a replica of this: "+
			"dbcalm-db-cmd backups show %s", m.Binlog.File, m.Binlog.Offset, id)
	}
	statements := m.Binlog.Replicate(m.Server.Flavour, m.Server.Version)
	return fmt.Sprintf("; the binary log was in %s; to make a replica of this: %s", m.Binlog, strings.Join(statements, " "))
}

// discardRestore puts everything back as it was found and removes the stage.
func (s restoreSteps) discardRestore(ctx context.Context, t Task) (Outcome, error) {
	s.stages.Release(t.Operation)
	p := t.Data.Placement
	if p == nil {
		return discarded(t), nil
	}
	if p.Begun() {
		// Somebody may have been too quick to start it; its files must not be
		// moved away under it.
		if err := s.Server.CheckDown(ctx); err != nil {
			return Outcome{}, fmt.Errorf("undo restore: %w", err)
		}
	}
	if err := p.Undo(); err != nil {
		return Outcome{}, fmt.Errorf("undo restore: %w", err)
	}
	if err := disk.RemoveAll(p.Stage); err != nil {
		return Outcome{}, fmt.Errorf("remove stage: %w", err)
	}
	if p.Mode == place.Folder {
		// The dated folder is removed only if nothing else has come to lie in it.
		for _, folder := range []string{t.Args.TmpDir, filepath.Dir(t.Args.TmpDir)} {
			_ = os.Remove(folder)
		}
	}
	if err := s.Store.RemoveWork(t.Operation); err != nil {
		return Outcome{}, err
	}
	return discarded(t), nil
}
