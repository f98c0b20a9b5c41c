package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/boot"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/place"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/tool"
)

// validateVerify looks for every file of the chain and checks that the links
// join. Its event is the level asked for, which decides what else is done.
func (s verifySteps) validateVerify(ctx context.Context, t Task) (Outcome, error) {
	links, err := s.Store.Chain(ctx, t.Args.IDList)
	if err != nil {
		return Outcome{}, instead(err, links, TargetVerify)
	}
	outcome := Outcome{Event: string(t.Args.Level), Data: t.Data}
	if !t.Args.Level.Covers(persistence.LevelPrepare) {
		outcome.Reason, err = s.describeFiles(links, t.Args.Level)
		return outcome, err
	}
	size, err := s.restores().preparable(ctx, &t, links)
	if err != nil {
		return Outcome{}, err
	}
	note := ""
	if t.Args.Level.Covers(persistence.LevelBoot) {
		program, err := boot.FindProgram(ctx, s.ServerBin, s.Server.DBType)
		if err != nil {
			return Outcome{}, err
		}
		if err := program.Fits(links[len(links)-1]); err != nil {
			return Outcome{}, err
		}
		t.Data.ServerProgram = &program
		t.Data.ServerOptions, note = s.programOptions(ctx, program)
	}
	if err := disk.RequireSpace(s.Store.BackupDir, size.Allocated, "the verification"); err != nil {
		return Outcome{}, err
	}
	t.Data.Placement = &place.Placement{Stage: s.Store.StageFolder(t.Operation), Mode: place.Folder}
	outcome.Data = t.Data
	outcome.Reason = fmt.Sprintf("chain of %d, %s; will be tried in %s%s", len(links), size, t.Data.Placement.Stage, note)
	return outcome, nil
}

// programOptions asks the server that runs which files of its program it is
// started with, for one that is to be started on a backup of it, and says of
// what it does not get why. One that cannot be asked is as it was built.
func (s verifySteps) programOptions(ctx context.Context, program boot.Program) (options []string, note string) {
	conn, err := s.Server.Connect(ctx)
	if err != nil {
		return nil, ""
	}
	defer conn.Close()
	options, refused, err := conn.ProgramOptions(ctx, program.Version)
	if err != nil {
		return nil, fmt.Sprintf("; the server does not say what its program needs: %v", err)
	}
	if refused != nil {
		note = fmt.Sprintf("; not told to the server that is started on it: %v", refused)
	}
	return options, note
}

// describeFiles tells what has been found of a chain, or why it cannot be
// looked at more thoroughly.
func (s verifySteps) describeFiles(links []store.Link, level persistence.Level) (string, error) {
	files, forwarded := 0, 0
	for _, l := range links {
		if l.Manifest == nil {
			return "", fmt.Errorf("backup '%s' has no %s, which would say what its files must be: an older program made it; "+
				"verify at level prepare or boot", l.Record.ID, store.ManifestName)
		}
		if l.Forwarded() {
			forwarded++
		}
		if level.Covers(persistence.LevelChecksum) {
			if err := s.CheckStreamRetrievable(l.Manifest); err != nil {
				return "", err
			}
		}
		files += len(l.Manifest.Files)
	}
	reason := fmt.Sprintf("chain of %d, %d files: all there, of the right size", len(links), files)
	if forwarded > 0 && !level.Covers(persistence.LevelChecksum) {
		reason += fmt.Sprintf("; streams that were forwarded, which only a higher level looks at: %d", forwarded)
	}
	return reason, nil
}

// checkChain compares every byte of the chain with the manifests.
func (s verifySteps) checkChain(ctx context.Context, t Task) (Outcome, error) {
	links, err := s.Store.Chain(ctx, t.Args.IDList)
	if err != nil {
		return Outcome{}, instead(err, links, TargetVerify)
	}
	files, size := 0, int64(0)
	for _, l := range links {
		for _, f := range l.Manifest.Files {
			files, size = files+1, size+f.Size
		}
	}
	disk.Expect(ctx, size)
	for i, l := range links {
		if err := s.checkSums(ctx, l); err != nil {
			return Outcome{}, instead(err, links[:i], TargetVerify)
		}
	}
	outcome := ok(t, fmt.Sprintf("%d files, %s: checksums right", files, disk.HumanBytes(uint64(size))))
	if _, _, found := nextForwarded(t, links); found {
		outcome.Event = EventStream
	}
	return outcome, nil
}

// checkSums compares the files of a link with its manifest.
func (s verifySteps) checkSums(ctx context.Context, l store.Link) error {
	files := l.Manifest.Files
	return disk.EachFile(ctx, s.Tool.Parallel, len(files), func(i int) error {
		return s.Store.Blame(l.Record.ID, store.CheckSum(ctx, l.Folder, files[i]))
	})
}

// stageScratch stages the chain where nothing else works on it.
func (s verifySteps) stageScratch(ctx context.Context, t Task) (Outcome, error) {
	if err := boot.AwaitServer(ctx, t.Data.Placement.Stage); err != nil {
		return Outcome{}, err
	}
	return s.restores().stage(ctx, t)
}

// proveTables makes the prepared chain what a restore would put into place, and
// checks that it holds every table it should. Its event is the level asked for. A
// server that is started on it needs the settings of the backup.
func (s verifySteps) proveTables(ctx context.Context, t Task) (Outcome, error) {
	if err := s.restores().checkPromised(ctx, t, t.Data.Placement.Prepared()); err != nil {
		return Outcome{}, instead(err, nil, TargetVerify)
	}
	if err := tool.StripMetadata(t.Data.Placement.Prepared(), tool.OptionsNames...); err != nil {
		return Outcome{}, err
	}
	return Outcome{Event: string(t.Args.Level), Reason: "every table is there", Data: t.Data}, nil
}

// cleanScratch removes what the verification has made.
func (s verifySteps) cleanScratch(ctx context.Context, t Task) (Outcome, error) {
	if err := s.removeScratch(ctx, t); err != nil {
		return Outcome{}, err
	}
	return ok(t, "scratch folder removed"), nil
}

func (s verifySteps) removeScratch(ctx context.Context, t Task) error {
	s.stages.Release(t.Operation)
	if p := t.Data.Placement; p != nil {
		if err := boot.AwaitServer(ctx, p.Stage); err != nil {
			return err
		}
	}
	return s.Store.RemoveWork(t.Operation)
}

// discardVerify removes it when the verification has failed.
func (s verifySteps) discardVerify(ctx context.Context, t Task) (Outcome, error) {
	if err := s.removeScratch(ctx, t); err != nil {
		return Outcome{}, err
	}
	return discarded(t), nil
}

// recordVerify returns what has been proved: of the backup all that was asked
// for, of those it stands on what goes for each by itself.
func (s verifySteps) recordVerify(ctx context.Context, t Task) (Outcome, error) {
	var verdicts []persistence.Verdict
	last := len(t.Args.IDList) - 1
	for i, id := range t.Args.IDList {
		v := persistence.Verdict{BackupID: id, MadeBy: s.Store.MadeBy(id), Level: t.Args.Level}
		if i < last && v.Level.Covers(persistence.LevelPrepare) {
			// It was prepared, but not to its own end alone.
			v.Level = persistence.LevelChecksum
			if v.MadeBy == "" {
				continue // it has no checksums
			}
		}
		if v.Level.Covers(persistence.LevelChecksum) {
			m, err := s.Store.RecordedManifest(ctx, id)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return Outcome{}, err
			}
			if err == nil {
				v.ManifestSHA256 = m.SHA256
			}
		}
		verdicts = append(verdicts, v)
	}
	reason := fmt.Sprintf("'%s' is proved at level %s", t.Args.IDList[last], t.Args.Level)
	if n := len(verdicts) - 1; n > 0 {
		var others []string
		for _, v := range verdicts[:n] {
			others = append(others, "'"+v.BackupID+"'")
		}
		reason += fmt.Sprintf("; what it stands on at level %s: %s", verdicts[0].Level, strings.Join(others, ", "))
	}
	if t.Data.Compared != "" {
		reason += boot.ComparedMark + t.Data.Compared
	}
	outcome := ok(t, reason)
	outcome.Verdicts = verdicts
	return outcome, nil
}
