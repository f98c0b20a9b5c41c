package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"dbcalm-db-cmd/persistence"
)

// unpackJob unpacks the next stream of the chain into its folder of the stage.
func (h *Host) unpackJob(_ context.Context, t Task) (JobSpec, error) {
	i, l, err := h.nextStream(t)
	if err != nil {
		return JobSpec{}, err
	}
	spec := h.unpackCommand(*t.Data.Tool, t.Data.Unpacker, t.Data.Placement.link(i))
	err = h.feed(&spec, l.Manifest)
	return spec, err
}

// nextStream returns the first link whose stream the stage does not hold.
func (h *Host) nextStream(t Task) (int, Link, error) {
	for i, id := range t.Args.IDList {
		if slices.Contains(t.Data.Unpacked, i) {
			continue
		}
		l := Link{Folder: h.BackupFolder(id)}
		var err error
		if l.Manifest, err = ReadManifest(l.Folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, l, err
		}
		if l.streamed() {
			return i, l, nil
		}
	}
	return 0, Link{}, errors.New("no stream of the chain is left to unpack")
}

// unpackFinish judges what the program has unpacked, by the list of what the
// stream holds: it reports success for much.
func (h *Host) unpackFinish(ctx context.Context, t Task, r JobResult) (Outcome, error) {
	i, l, err := h.nextStream(t)
	if err != nil {
		return Outcome{}, err
	}
	id, program := l.Manifest.ID, filepath.Base(t.Data.Unpacker)
	if err := proveStream("unpack backup '"+id+"'", program, r); err != nil {
		return Outcome{}, h.insteadOfStream(ctx, t, i, h.blameStream(t, id, r, err))
	}
	folder := t.Data.Placement.link(i)
	if err := removeTableLinks(folder); err != nil {
		return Outcome{}, err
	}
	if err := h.proveUnpacked(t, i, l, folder); err != nil {
		return Outcome{}, h.damage(t.last(), persistence.LevelPrepare,
			fmt.Errorf("unpack backup '%s': %s claims success, but %w; use another chain", id, program, err))
	}
	t.Data.Unpacked = append(slices.Clone(t.Data.Unpacked), i)
	outcome := ok(t, fmt.Sprintf("'%s' unpacked, %s, checksum right, in %s", id, humanBytes(uint64(r.Stream.PlainSize)), r.Ended.Sub(r.Started).Round(time.Millisecond)))
	if _, _, err := h.nextStream(t); err == nil {
		outcome.Event = EventMore
	}
	return outcome, nil
}

// insteadOfStream adds to what is wrong with a link's stream which part of the
// chain is whole: all links before it have been looked at. Behind a program's
// last lines nobody would find it.
func (h *Host) insteadOfStream(ctx context.Context, t Task, link int, err error) error {
	_, damaged := errors.AsType[*Damage](err)
	said, isTool := errors.AsType[*ToolError](err)
	if !damaged || isTool && said.Tail != "" {
		return err
	}
	links, chainErr := h.chain(ctx, t.Args.IDList[:link])
	if chainErr != nil {
		return err
	}
	return instead(err, links, t.Args.Target)
}

// proveUnpacked checks that a folder holds exactly what the link's stream was
// to bring, and that this is the backup that is recorded.
func (h *Host) proveUnpacked(t Task, i int, l Link, folder string) error {
	if err := checkUnpacked(l, folder); err != nil {
		return err
	}
	var base *Checkpoints
	if i > 0 {
		c, err := readCheckpoints(h.BackupFolder(t.Args.IDList[i-1]))
		if err != nil {
			return err
		}
		base = &c
	}
	unpacked, err := proveBackup(folder, base)
	if err != nil {
		return err
	}
	stored, err := readCheckpoints(l.Folder)
	if err != nil {
		return err
	}
	if unpacked != stored {
		return fmt.Errorf("it holds another backup: its checkpoints are %+v, the stored ones are %+v", unpacked, stored)
	}
	return nil
}

// checkUnpacked compares what was unpacked with the list of what the stream
// holds, by presence and size.
func checkUnpacked(l Link, folder string) error {
	c, err := l.content()
	if err != nil {
		return err
	}
	files, _, err := listTree(folder)
	if err != nil {
		return err
	}
	there := map[string]int64{}
	for _, f := range files {
		there[f.Path] = f.Size
	}
	for _, f := range c.files {
		size, found := there[f.Path]
		if !found {
			return fmt.Errorf("file %s is missing", f.Path)
		}
		if size != f.Size {
			return fmt.Errorf("file %s has %d bytes instead of %d", f.Path, size, f.Size)
		}
		delete(there, f.Path)
	}
	for path := range there {
		return fmt.Errorf("file %s is not of the stream", path)
	}
	return nil
}

// removeTableLinks removes the links to tables elsewhere, which a stream may
// hold like any file.
func removeTableLinks(folder string) error {
	files, _, err := listTree(folder)
	if err != nil {
		return err
	}
	for _, f := range files {
		if !isTableLink(f.Path) {
			continue
		}
		path := filepath.Join(folder, f.Path)
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("stage backup: %w", err)
		}
		if err := syncDir(filepath.Dir(path)); err != nil {
			return fmt.Errorf("stage backup: %w", err)
		}
	}
	return nil
}
