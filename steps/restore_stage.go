package steps

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/place"
	"dbcalm-db-cmd/steps/store"
)

// stage copies the chain out of the store, because the tools eat what they
// apply, and checks every byte against the manifests on the way. After an
// interruption it keeps the files that are whole, whatever happened to the
// others. For what is stored as a stream it leaves empty folders. What comes next
// need not wait until all that is on the disk: should it be lost, the machine
// comes back here.
func (s restoreSteps) stage(ctx context.Context, t Task) (Outcome, error) {
	links, err := s.Store.Chain(ctx, t.Args.IDList)
	if err != nil {
		return Outcome{}, instead(err, links, t.Args.Target)
	}
	p := *t.Data.Placement
	if err := s.makeStage(t, &p); err != nil {
		return Outcome{}, err
	}
	// What was unpacked and is not known to be on the disk is only trusted by the
	// daemon that has seen all that happened to it.
	watched := s.stages.Of(t.Operation) != nil || !t.Data.Unsynced
	if err := s.stages.Begin(t.Operation, p.Stage); err != nil {
		return Outcome{}, fmt.Errorf("watch the stage's disk: %w", err)
	}
	var copied, kept, streams int
	var unpacked []int
	disk.Expect(ctx, storedSize(links))
	for i, l := range links {
		if l.Streamed() {
			streams++
			whole, err := s.stageStream(ctx, l, p.Link(i), watched && untouched(t.Data, i))
			if errors.Is(err, store.ErrDamaged) {
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
		c, k, err := s.Store.StageLink(ctx, l, p.Link(i), i > 0)
		if errors.Is(err, store.ErrDamaged) {
			return Outcome{}, instead(err, links[:i], t.Args.Target)
		}
		if err != nil {
			return Outcome{}, err
		}
		copied, kept = copied+c, kept+k
	}
	if t.Data.Unsynced = comesBack(t); !t.Data.Unsynced {
		if err := s.stages.Sync(t.Operation, p.Stage); err != nil {
			return Outcome{}, err
		}
	}
	t.Data.Placement, t.Data.Applied, t.Data.Unpacked = &p, 0, unpacked
	outcome := ok(t, staged(p.Stage, copied, kept, streams, len(unpacked)))
	if len(unpacked) < streams {
		outcome.Event = EventUnpack
	}
	return outcome, nil
}

// comesBack reports whether the machine can come back to the stage from wherever it
// is found to be lost: those of earlier programs cannot.
func comesBack(t Task) bool { return slices.Contains(t.Events, EventRewind) }

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

// untouched reports whether the stage held a link's stream, unpacked whole, when
// a preparation was broken off that had not come to that link.
func untouched(d Data, link int) bool { return slices.Contains(d.Unpacked, link) && link > d.Applied }

// stageStream leaves an empty folder for what a link's stream holds, unless
// that is known to be there and is whole, and tells which. What is to be
// compared with the stream, the files beside it, is checked first.
func (s restoreSteps) stageStream(ctx context.Context, l store.Link, to string, there bool) (whole bool, err error) {
	for _, f := range l.Manifest.Files {
		if f.Path == l.Manifest.Stream.File {
			continue // its job reads it
		}
		if err := s.Store.Blame(l.Record.ID, store.CheckSum(ctx, l.Folder, f)); err != nil {
			return false, err
		}
	}
	if there && store.CheckUnpacked(l, to) == nil {
		return true, nil
	}
	if err := disk.RemoveAll(to); err != nil {
		return false, fmt.Errorf("stage backup '%s': %w", l.Record.ID, err)
	}
	if err := os.MkdirAll(to, 0o750); err != nil {
		return false, fmt.Errorf("stage backup '%s': %w", l.Record.ID, err)
	}
	return false, nil
}

// storedSize is the sum of the sizes of the files that are staged one by one,
// as stored.
func storedSize(links []store.Link) int64 {
	var size int64
	for _, l := range links {
		if c, err := l.Content(); err == nil && !l.Streamed() {
			size += store.SizeOf(c.Files)
		}
	}
	return size
}

// makeStage makes the stage's folder. Where folders cannot change places, it
// turns to the other way before anything is copied.
func (s restoreSteps) makeStage(t Task, p *place.Placement) error {
	err := disk.MakePrivate(p.Stage)
	if err == nil && p.Mode == place.Swap {
		err = disk.TryExchange(p.Stage)
		if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
			if err := disk.RemoveAll(p.Stage); err != nil {
				return fmt.Errorf("make stage: %w", err)
			}
			p.UseEntries(t.Operation)
			err = disk.MakePrivate(p.Stage)
		}
	}
	if err != nil {
		return fmt.Errorf("make stage: %w", err)
	}
	return nil
}
