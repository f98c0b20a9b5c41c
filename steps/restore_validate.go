package steps

import (
	"context"
	"fmt"
	"path/filepath"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/place"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/store"
)

// validateRestore checks everything a restore needs, before a byte is written.
func (s restoreSteps) validateRestore(ctx context.Context, t Task) (Outcome, error) {
	links, err := s.Store.Chain(ctx, t.Args.IDList)
	if err != nil {
		return Outcome{}, instead(err, links, t.Args.Target)
	}
	size, err := s.preparable(ctx, &t, links)
	if err != nil {
		return Outcome{}, err
	}
	if t.Args.To != "" {
		if err := s.planReplay(ctx, &t, links); err != nil {
			return Outcome{}, err
		}
	}
	room := s.Store.BackupDir
	if t.Args.Target == TargetDatabase {
		if err := s.Server.CheckDataDir(ctx); err != nil {
			return Outcome{}, err
		}
		if err := s.checkLayoutOf(ctx, links); err != nil {
			return Outcome{}, err
		}
		if err := s.Server.CheckOwner(); err != nil {
			return Outcome{}, err
		}
		room = s.Server.DataDir
	}
	if err := disk.RequireSpace(room, size.Allocated+replayRoom(t.Data.Replay, s.Server.DBType), "the restore"); err != nil {
		return Outcome{}, err
	}
	if t.Data.Placement, err = s.planPlacement(t); err != nil {
		return Outcome{}, err
	}
	if err := s.CheckPlace(t.Data.Placement); err != nil {
		return Outcome{}, err
	}
	reason := fmt.Sprintf("chain of %d, %s; will go into %s %s",
		len(links), size, t.Data.Placement.Target, place.Manner[t.Data.Placement.Mode])
	return ok(t, reason+replayTold(t.Data.Replay)+comeInside("; ", links)+binlogStays("; ", t.Args.Target, links)), nil
}

// planPlacement decides where the chain is staged and how it goes into place.
func (s restoreSteps) planPlacement(t Task) (*place.Placement, error) {
	if t.Args.Target == TargetDatabase {
		return place.InDataDir(s.Server.DataDir, t.Operation)
	}
	return place.InFolder(filepath.Join(t.Args.TmpDir, t.Args.IDList[0]), s.Store.StageFolder(t.Operation)), nil
}

// CheckPlace refuses a place in which no stage can be made. A folder that is
// exchanged as a whole has been found to have a parent that allows it.
func (h *Host) CheckPlace(p *place.Placement) error {
	switch p.Mode {
	case place.Folder:
		return disk.CheckWritable("backup_dir", h.Store.BackupDir)
	case place.Entries:
		return disk.CheckWritable("data_dir", h.Server.DataDir)
	}
	return nil
}

// preparable notes in the task's data which programs unpack and prepare a
// chain, checks that they fit each link, and returns how large what is restored
// of the links is.
func (s restoreSteps) preparable(ctx context.Context, t *Task, links []store.Link) (size disk.Size, err error) {
	tool, err := s.Tool.Find(ctx, links[0].ServerVersion())
	if err != nil {
		return size, err
	}
	t.Data.Tool = &tool
	for _, l := range links {
		of := server.Info{Flavour: s.Server.DBType, Version: l.ServerVersion()}
		if l.Manifest != nil {
			of = l.Manifest.Server
		}
		// A backup of an older program may tell nothing.
		if of.Version != "" {
			if err := tool.Fits(of); err != nil {
				return size, fmt.Errorf("backup '%s' cannot be prepared: %w", l.Record.ID, err)
			}
		}
		if l.Manifest != nil {
			if err := s.Tool.CheckEncryption("backup '"+l.Record.ID+"' was taken with", l.Manifest.Server.Encryption); err != nil {
				return size, err
			}
			if err := s.CheckStreamRetrievable(l.Manifest); err != nil {
				return size, err
			}
		}
		if l.Streamed() && t.Data.Unpacker == "" {
			if t.Data.Unpacker, err = s.Tool.FindUnpacker(tool); err != nil {
				return size, err
			}
		}
		own, err := l.Size()
		if err != nil {
			return size, err
		}
		size = size.Add(own)
	}
	return size, nil
}

// checkLayoutOf refuses to put a chain into the data directory of a server
// that keeps files elsewhere, or that did when it was backed up.
func (s restoreSteps) checkLayoutOf(ctx context.Context, links []store.Link) error {
	version := ""
	if len(links) > 0 {
		version = links[len(links)-1].ServerVersion()
	}
	if err := s.Server.CheckLayout(ctx, version); err != nil || len(links) == 0 {
		return err
	}
	if m := links[len(links)-1].Manifest; m != nil {
		// It would find its old redo log there, say, and apply that to the restored
		// files; or a table of before beside the restored one.
		if why := m.Server.ToFolderOnly(); why != "" {
			return fmt.Errorf("%w: the server backed up %s: restore to a folder and copy from there", server.ErrDataDir, why)
		}
	}
	return nil
}

// binlogStays says what of the server's binary log a restore to a target leaves
// behind, after a word of the caller's; empty for nothing.
func binlogStays(after, target string, links []store.Link) string {
	if target != TargetDatabase || len(links) == 0 || links[len(links)-1].Manifest == nil {
		return ""
	}
	return links[len(links)-1].Manifest.Server.BinlogStays(after)
}

// comeInside says which tables a restore puts into the folder that lay elsewhere,
// after a word of the caller's; empty for none.
func comeInside(after string, links []store.Link) string {
	if len(links) == 0 || links[len(links)-1].Manifest == nil {
		return ""
	}
	names := links[len(links)-1].Manifest.Server.ComeInside()
	if names == "" {
		return ""
	}
	return after + "these tables lay outside the data directory and will be inside, and what is there now stays: " + names
}
