package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/tool"
)

// unpackJob unpacks the next stream of the chain into its folder of the stage.
func (s restoreSteps) unpackJob(ctx context.Context, t Task) (job.Spec, error) {
	i, l, err := s.nextStream(ctx, t)
	if err != nil {
		return job.Spec{}, err
	}
	spec := s.Tool.UnpackCommand(*t.Data.Tool, t.Data.Unpacker, t.Data.Placement.Link(i))
	if err := s.feed(&spec, l.Manifest); err != nil {
		return spec, err
	}
	return s.onStage(t, spec, true)
}

// nextStream returns the first link whose stream the stage does not hold.
func (s restoreSteps) nextStream(ctx context.Context, t Task) (int, store.Link, error) {
	for i, id := range t.Args.IDList {
		if slices.Contains(t.Data.Unpacked, i) {
			continue
		}
		l := store.Link{Folder: s.Store.Folder(id)}
		var err error
		if l.Manifest, err = s.Store.RecordedManifest(ctx, id); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, l, err
		}
		if l.Streamed() {
			return i, l, nil
		}
	}
	return 0, store.Link{}, errors.New("no stream of the chain is left to unpack")
}

// unpackFinish judges what the program has unpacked, by the list of what the
// stream holds: it reports success for much.
func (s restoreSteps) unpackFinish(ctx context.Context, t Task, r job.Result) (Outcome, error) {
	t.Data.Unsynced = r.Unsynced
	if outcome, lost := s.stageLost(t); lost {
		return outcome, nil
	}
	i, l, err := s.nextStream(ctx, t)
	if err != nil {
		return Outcome{}, err
	}
	id, program := l.Manifest.ID, filepath.Base(t.Data.Unpacker)
	if err := proveStream("unpack backup '"+id+"'", program, r); err != nil {
		return Outcome{}, s.insteadOfStream(ctx, t, i, s.blameStream(t, id, r, err))
	}
	folder := t.Data.Placement.Link(i)
	if err := store.RemoveTableLinks(folder); err != nil {
		return Outcome{}, err
	}
	if err := s.proveUnpacked(t, i, l, folder); err != nil {
		return Outcome{}, s.Store.Damage(t.last(), persistence.LevelPrepare,
			fmt.Errorf("unpack backup '%s': %s claims success, but %w; use another chain", id, program, err))
	}
	t.Data.Unpacked = append(slices.Clone(t.Data.Unpacked), i)
	// #nosec G115 -- a size is never negative
	outcome := ok(t, fmt.Sprintf("'%s' unpacked, %s, checksum right, in %s",
		id, disk.HumanBytes(uint64(r.Stream.PlainSize)), r.Ended.Sub(r.Started).Round(time.Millisecond)))
	if _, _, err := s.nextStream(ctx, t); err == nil {
		outcome.Event = EventMore
	}
	return outcome, nil
}

// insteadOfStream adds to what is wrong with a link's stream which part of the
// chain is whole: all links before it have been looked at. Behind a program's
// last lines nobody would find it.
func (s restoreSteps) insteadOfStream(ctx context.Context, t Task, link int, err error) error {
	_, damaged := errors.AsType[*store.Damage](err)
	said, isTool := errors.AsType[*tool.Error](err)
	if !damaged || isTool && said.Tail != "" {
		return err
	}
	links, chainErr := s.Store.Chain(ctx, t.Args.IDList[:link])
	if chainErr != nil {
		return err
	}
	return instead(err, links, t.Args.Target)
}

// proveUnpacked checks that a folder holds exactly what the link's stream was
// to bring, and that this is the backup that is recorded.
func (s restoreSteps) proveUnpacked(t Task, i int, l store.Link, folder string) error {
	if err := store.CheckUnpacked(l, folder); err != nil {
		return err
	}
	var base *tool.Checkpoints
	if i > 0 {
		c, err := tool.ReadCheckpoints(s.Store.Folder(t.Args.IDList[i-1]))
		if err != nil {
			return err
		}
		base = &c
	}
	unpacked, err := tool.ProveBackup(folder, base)
	if err != nil {
		return err
	}
	stored, err := tool.ReadCheckpoints(l.Folder)
	if err != nil {
		return err
	}
	if unpacked != stored {
		return fmt.Errorf("it holds another backup: its checkpoints are %+v, the stored ones are %+v", unpacked, stored)
	}
	return nil
}

// proveStream checks that a stored stream was read to its right end and, if
// there was a program to take it, that this succeeded. Unlike the backup tools,
// the programs that unpack say nothing then; whatever they say is a failure,
// for they have been seen to exit with 0 after "File exists" and after an
// empty stream.
func proveStream(what, program string, r job.Result) error {
	problem := func(text string) error {
		return &tool.Error{Summary: what + ": " + text, Tail: tool.LastLines(r.Tail, tool.TailLines)}
	}
	said := strings.TrimSpace(r.Tail)
	switch {
	case r.StartError != "":
		return problem(program + " could not be started: " + r.StartError)
	case r.Fault != "":
		fault := r.Fault
		if r.Damaged && !strings.Contains(fault, store.ChainAdvice) {
			// Nobody but the command knows whether what it forwarded is still there.
			fault += "; correct " + retrieveKey + ", or " + store.ChainAdvice
		}
		return &tool.Error{Summary: what + ": " + fault, Tail: tool.LastLines(r.ShellTail+"\n"+r.Tail, tool.TailLines)}
	case r.Stopped:
		return fmt.Errorf("%s: %w", what, job.ErrCancelled)
	case r.Signal != "":
		return problem(program + " was killed by " + r.Signal + tool.Advice(r.Tail))
	case r.ExitCode != 0:
		return problem(fmt.Sprintf("%s failed with exit code %d%s", program, r.ExitCode, tool.Advice(r.Tail)))
	case r.SyncError != "":
		return problem(program + " ended well, but its files could not be put onto the disk: " + r.SyncError)
	case said != "":
		return problem(program + " claims success, but complained" + tool.Advice(r.Tail))
	case r.Stream == nil:
		return problem("the stream was not read to its end")
	}
	return nil
}
