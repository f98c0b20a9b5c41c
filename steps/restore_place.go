package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/crashpoint"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/place"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/tool"
)

// arrange makes the prepared folder ready to become the target: complete,
// without the tool's own files, owned as the target is, on the disk. What will
// move where is part of its outcome, so that it is known before it happens.
func (s restoreSteps) arrange(ctx context.Context, t Task) (Outcome, error) {
	p := *t.Data.Placement
	if t.Data.Replay == nil {
		if err := s.checkPromised(ctx, t, p.Prepared()); err != nil {
			return Outcome{}, err
		}
	}
	if p.Mode != place.Folder {
		// A verification has this proved, too.
		if err := tool.StripMetadata(p.Prepared()); err != nil {
			return Outcome{}, err
		}
		if err := disk.AdoptOwner(p.Prepared(), p.Target); err != nil {
			return Outcome{}, err
		}
	}
	if err := s.stages.Sync(t.Operation, p.Stage); err != nil {
		return Outcome{}, err
	}
	if err := p.Identify(); err != nil {
		return Outcome{}, fmt.Errorf("arrange restore: %w", err)
	}
	t.Data.Placement = &p
	reason := "every table is there, all is on disk"
	if p.Mode != place.Folder {
		reason += ", owned as " + p.Target + " is"
	}
	return ok(t, reason), nil
}

// place puts the prepared folder into place by renames. Run again, it goes on
// where it stopped.
func (s restoreSteps) place(ctx context.Context, t Task) (Outcome, error) {
	p := t.Data.Placement
	if err := p.Put(ctx, s.Server); err != nil {
		return Outcome{}, err
	}
	crashpoint.Here("place-renamed")
	if err := disk.RemoveAll(p.Stage); err != nil {
		return Outcome{}, fmt.Errorf("remove stage: %w", err)
	}
	for _, folder := range []string{p.Target, filepath.Dir(p.Target), filepath.Dir(p.Stage)} {
		if err := disk.SyncDir(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return Outcome{}, err
		}
	}
	if err := s.Store.RemoveWork(t.Operation); err != nil {
		return Outcome{}, err
	}
	s.stages.Release(t.Operation)
	told, err := p.Told()
	if err != nil {
		return Outcome{}, err
	}
	return ok(t, "in place in "+p.Target+told), nil
}

// checkPromised checks that every table and definition of the last link is in
// the prepared folder.
func (s restoreSteps) checkPromised(ctx context.Context, t Task, folder string) error {
	id := t.Args.IDList[len(t.Args.IDList)-1]
	m, err := s.Store.RecordedManifest(ctx, id)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	names, err := store.Link{Folder: s.Store.Folder(id), Manifest: m}.Promised()
	if err != nil {
		return err
	}
	for _, name := range names {
		if there, err := disk.Exists(filepath.Join(folder, name)); err != nil || !there {
			lacking := fmt.Errorf("the restored data lacks %s of backup '%s': it was not put into place; use another chain (%w)",
				name, id, errOr(err, store.ErrDamaged))
			return s.Store.Damage(id, persistence.LevelPrepare, lacking)
		}
	}
	return nil
}
