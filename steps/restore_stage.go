package steps

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/crashpoint"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/place"
	"dbcalm-db-cmd/steps/store"
)

// stage copies the chain out of the store, because the tools eat what they
// apply, and checks every byte against the manifests on the way. After an
// interruption it keeps the files that are whole, whatever happened to the
// others. For what is stored as a stream it leaves empty folders, and what can be
// staged while the tool works it leaves to stageAhead. What comes next need not wait
// until all that is on the disk: should it be lost, the machine comes back here.
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
	now := links[:len(links)-later(t, links)]
	disk.Expect(ctx, storedSize(now))
	for i, l := range now {
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
	t.Data.Placement, t.Data.Applied, t.Data.Unpacked, t.Data.Ahead = &p, 0, unpacked, manifestSums(links[len(now):])
	reason := staged(p.Stage, copied, kept, streams, len(unpacked))
	if n := len(t.Data.Ahead); n > 0 {
		reason += fmt.Sprintf("; incrementals to follow while the tool works: %d", n)
	}
	outcome := ok(t, reason)
	if len(unpacked) < streams {
		outcome.Event = EventUnpack
	}
	return outcome, nil
}

// later is how many links, at the chain's end, can be staged while the tool works on
// those before them: not the first one, nor what a stream comes after, which is
// judged as the links before it have been.
func later(t Task, links []store.Link) int {
	n := 0
	for comesBack(t) && n < len(links)-1 && !links[len(links)-1-n].Streamed() {
		n++
	}
	return n
}

// manifestSums returns what tells links from others of the same ids.
func manifestSums(links []store.Link) []string {
	var sums []string
	for _, l := range links {
		sum := ""
		if l.Manifest != nil {
			sum = l.Manifest.SHA256
		}
		sums = append(sums, sum)
	}
	return sums
}

// ahead returns the link that is to be staged while the tool works on the one before,
// as it was when the chain was looked at: its record may have been deleted since.
func (t Task) ahead() (link int, record persistence.Backup, found bool) {
	link = t.Data.Applied + 1
	first := len(t.Args.IDList) - len(t.Data.Ahead)
	if link < first || link >= len(t.Args.IDList) {
		return 0, record, false
	}
	record = persistence.Backup{ID: t.Args.IDList[link], FromBackupID: t.Args.IDList[link-1], ManifestSHA256: t.Data.Ahead[link-first]}
	return link, record, true
}

// stageAhead stages the link after the one that the tool works on. Whichever daemon
// does it looks at every byte: what another has staged is kept only if it is whole.
func (s restoreSteps) stageAhead(ctx context.Context, t Task) (did string, err error) {
	next, record, found := t.ahead()
	if !found {
		return "", nil
	}
	whole := []store.Link{{Record: persistence.Backup{ID: record.FromBackupID}}}
	l, err := s.Store.LinkAs(record)
	if err != nil {
		return "", instead(err, whole, t.Args.Target)
	}
	p := t.Data.Placement
	watch, err := disk.WatchFileSystem(p.Stage)
	if err != nil {
		return "", fmt.Errorf("watch the stage's disk: %w", err)
	}
	defer watch.Close()
	crashpoint.Here("ahead-begun")
	copied, kept, err := s.Store.StageLink(ctx, l, p.Link(next), true)
	if errors.Is(err, store.ErrDamaged) {
		err = instead(err, whole, t.Args.Target)
	}
	if err == nil && s.stages.Of(t.Operation) == nil {
		// The program is one that an earlier daemon has started: its result tells that
		// all is on the disk, and so it must be.
		err = watch.Sync()
	}
	if err != nil {
		return "", err
	}
	crashpoint.Here("ahead-staged")
	return fmt.Sprintf("meanwhile %d files of '%s' staged, checksums right", copied+kept, record.ID) + fromBefore(kept), nil
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
	reason += fromBefore(kept)
	if streams > 0 {
		reason += fmt.Sprintf("; streams to unpack: %d", streams-unpacked)
	}
	if unpacked > 0 {
		reason += fmt.Sprintf(", from before: %d", unpacked)
	}
	return reason
}

// fromBefore says how many files an earlier try has staged; empty for none.
func fromBefore(kept int) string {
	if kept == 0 {
		return ""
	}
	return fmt.Sprintf("; %d of them were there from before", kept)
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
