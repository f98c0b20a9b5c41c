package steps

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// stage copies the chain out of the store, because the tools eat what they
// apply, and checks every byte against the manifests on the way. After an
// interruption it keeps the files that are whole, whatever happened to the
// others. For what is stored as a stream it leaves empty folders.
func (h *Host) stage(ctx context.Context, t Task) (Outcome, error) {
	links, err := h.chain(ctx, t.Args.IDList)
	if err != nil {
		return Outcome{}, instead(err, links, t.Args.Target)
	}
	p := *t.Data.Placement
	if err := h.makeStage(t, &p); err != nil {
		return Outcome{}, err
	}
	var copied, kept, streams int
	var unpacked []int
	expect(ctx, storedSize(links))
	for i, l := range links {
		if l.streamed() {
			streams++
			whole, err := h.stageStream(ctx, l, p.link(i), untouched(t.Data, i))
			if errors.Is(err, errDamaged) {
				return Outcome{}, instead(err, links[:i], t.Args.Target)
			}
			if err != nil {
				return Outcome{}, err
			}
			if whole {
				unpacked = append(unpacked, i)
			}
			continue
		}
		c, k, err := h.stageLink(ctx, l, p.link(i))
		if errors.Is(err, errDamaged) {
			return Outcome{}, instead(err, links[:i], t.Args.Target)
		}
		if err != nil {
			return Outcome{}, err
		}
		copied, kept = copied+c, kept+k
	}
	// What follows begins with these files, after a power cut too.
	if err := syncFileSystem(p.Stage); err != nil {
		return Outcome{}, err
	}
	t.Data.Placement, t.Data.Applied, t.Data.Unpacked = &p, 0, unpacked
	outcome := ok(t, staged(p.Stage, copied, kept, streams, len(unpacked)))
	if len(unpacked) < streams {
		outcome.Event = EventUnpack
	}
	return outcome, nil
}

// staged says what the stage holds.
func staged(stage string, copied, kept, streams, unpacked int) string {
	reason := fmt.Sprintf("%d files staged in %s, checksums right", copied+kept, stage)
	if copied+kept == 0 && streams > 0 {
		reason = "every link is a stream, to be unpacked in " + stage
	}
	if kept > 0 {
		reason += fmt.Sprintf("; %d of them were there from before", kept)
	}
	if streams > 0 {
		reason += fmt.Sprintf("; streams to unpack: %d", streams-unpacked)
	}
	if unpacked > 0 {
		reason += fmt.Sprintf(", from before: %d", unpacked)
	}
	return reason
}

// untouched tells whether the stage held a link's stream, unpacked whole, when
// a preparation was broken off that had not come to that link.
func untouched(d Data, link int) bool { return slices.Contains(d.Unpacked, link) && link > d.Applied }

// stageStream leaves an empty folder for what a link's stream holds, unless
// that is known to be there and is whole, and tells which. What is to be
// compared with the stream, the files beside it, is checked first.
func (h *Host) stageStream(ctx context.Context, l Link, to string, there bool) (whole bool, err error) {
	for _, f := range l.Manifest.Files {
		if f.Path == l.Manifest.Stream.File {
			continue // its job reads it
		}
		if err := h.blame(l.Record.ID, checkSum(ctx, l.Folder, f)); err != nil {
			return false, err
		}
	}
	if there && checkUnpacked(l, to) == nil {
		return true, nil
	}
	if err := os.RemoveAll(to); err != nil {
		return false, fmt.Errorf("stage backup '%s': %w", l.Record.ID, err)
	}
	if err := os.MkdirAll(to, 0o750); err != nil {
		return false, fmt.Errorf("stage backup '%s': %w", l.Record.ID, err)
	}
	return false, nil
}

// storedSize is the sum of the sizes of the files that are staged one by one,
// as stored.
func storedSize(links []Link) int64 {
	var size int64
	for _, l := range links {
		if c, err := l.content(); err == nil && !l.streamed() {
			size += sizeOf(c.files)
		}
	}
	return size
}

// makeStage makes the stage's folder. Where folders cannot change places, it
// turns to the other way before anything is copied.
func (h *Host) makeStage(t Task, p *Placement) error {
	err := os.MkdirAll(p.Stage, 0o700)
	if err == nil && p.Mode == PlaceSwap {
		err = tryExchange(p.Stage)
		if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
			if err := os.RemoveAll(p.Stage); err != nil {
				return fmt.Errorf("make stage: %w", err)
			}
			p.useEntries(t.Operation)
			err = os.MkdirAll(p.Stage, 0o700)
		}
	}
	if err != nil {
		return fmt.Errorf("make stage: %w", err)
	}
	return nil
}

// tryExchange tells whether the file system can exchange two folders.
func tryExchange(dir string) error {
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	for _, folder := range []string{a, b} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return err
		}
	}
	err := exchange(a, b)
	for _, folder := range []string{a, b} {
		if removeErr := os.Remove(folder); err == nil {
			err = removeErr
		}
	}
	return err
}
