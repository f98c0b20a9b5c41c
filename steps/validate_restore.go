package steps

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// validateRestore checks everything a restore needs, before a byte is written.
func (h *Host) validateRestore(ctx context.Context, t Task) (Outcome, error) {
	links, err := h.chain(ctx, t.Args.IDList)
	if err != nil {
		return Outcome{}, instead(err, links, t.Args.Target)
	}
	size, err := h.preparable(ctx, &t, links)
	if err != nil {
		return Outcome{}, err
	}
	room := h.BackupDir
	if t.Args.Target == "database" {
		if err := h.CheckDataDir(ctx); err != nil {
			return Outcome{}, err
		}
		if err := h.checkLayoutOf(links); err != nil {
			return Outcome{}, err
		}
		if err := h.checkOwner(); err != nil {
			return Outcome{}, err
		}
		room = h.DataDir
	}
	if err := requireSpace(room, size, "the restore"); err != nil {
		return Outcome{}, err
	}
	if t.Data.Placement, err = h.planPlacement(t); err != nil {
		return Outcome{}, err
	}
	if err := h.checkPlace(t.Data.Placement); err != nil {
		return Outcome{}, err
	}
	return ok(t, fmt.Sprintf("chain of %d, %s; will go into %s %s", len(links), humanBytes(size), t.Data.Placement.Target, manner[t.Data.Placement.Mode])), nil
}

// planPlacement decides where the chain is staged and how it goes into place.
func (h *Host) planPlacement(t Task) (*Placement, error) {
	if t.Args.Target == "database" {
		return placeInDataDir(h.DataDir, t.Operation)
	}
	return placeInFolder(filepath.Join(t.Args.TmpDir, t.Args.IDList[0]), h.StageFolder(t.Operation)), nil
}

// checkPlace refuses a place in which no stage can be made. A folder that is
// exchanged as a whole has been found to have a parent that allows it.
func (h *Host) checkPlace(p *Placement) error {
	switch p.Mode {
	case PlaceFolder:
		return checkWritable("backup_dir", h.BackupDir)
	case PlaceEntries:
		return checkWritable("data_dir", h.DataDir)
	}
	return nil
}

// preparable notes in the task's data which programs unpack and prepare a
// chain, checks that they fit each link, and returns the bytes that the links
// take.
func (h *Host) preparable(ctx context.Context, t *Task, links []Link) (size uint64, err error) {
	version := ""
	if m := links[0].Manifest; m != nil {
		version = m.Server.Version
	}
	tool, err := h.tool(ctx, version)
	if err != nil {
		return 0, err
	}
	t.Data.Tool = &tool
	for _, l := range links {
		if l.Manifest != nil {
			if err := tool.fits(l.Manifest.Server); err != nil {
				return 0, fmt.Errorf("backup '%s' cannot be prepared: %w", l.Record.ID, err)
			}
			if err := h.checkEncryption("backup '"+l.Record.ID+"' was taken with", l.Manifest.Server.Encryption); err != nil {
				return 0, err
			}
			if err := h.checkRetrievable(l.Manifest); err != nil {
				return 0, err
			}
		}
		if l.streamed() && t.Data.Unpacker == "" {
			if t.Data.Unpacker, err = h.findUnpacker(tool); err != nil {
				return 0, err
			}
		}
		bytes, err := l.size()
		if err != nil {
			return 0, err
		}
		size += bytes
	}
	return size, nil
}

// checkLayoutOf refuses to put a chain into the data directory of a server
// that keeps files elsewhere, or that did when it was backed up.
func (h *Host) checkLayoutOf(links []Link) error {
	if err := h.checkLayout(); err != nil || len(links) == 0 {
		return err
	}
	if m := links[len(links)-1].Manifest; m != nil && len(m.Server.Elsewhere) > 0 {
		// It would find its old redo log there, say, and apply that to the
		// restored files.
		return fmt.Errorf("%w: the server backed up keeps files outside its data directory (%s): restore to a folder and copy from there", ErrDataDir, strings.Join(m.Server.Elsewhere, ", "))
	}
	return nil
}

// checkOwner refuses a data directory that we could not hand over to the
// server.
func (h *Host) checkOwner() error {
	info, err := os.Stat(h.DataDir)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDataDir, err)
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	if known && os.Geteuid() != 0 && int(owner.Uid) != os.Geteuid() {
		return fmt.Errorf("%w: %s belongs to user %d and the daemon runs as user %d: run the daemon as root or as that user", ErrDataDir, h.DataDir, owner.Uid, os.Geteuid())
	}
	return nil
}

// size returns the bytes that what is restored of a link takes.
func (l Link) size() (uint64, error) {
	if l.Manifest != nil {
		if l.Manifest.PlainSize != 0 {
			return uint64(l.Manifest.PlainSize), nil
		}
		return uint64(l.Manifest.Size), nil
	}
	files, _, err := listTree(l.Folder)
	if err != nil {
		return 0, err
	}
	var size uint64
	for _, f := range files {
		size += uint64(f.Size)
	}
	return size, nil
}
