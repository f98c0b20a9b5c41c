package steps

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"dbcalm-db-cmd/steps/archive"
	"dbcalm-db-cmd/steps/boot"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/tool"
)

// planReplay finds out what brings the chain to the moment that was asked for, and
// which server does it.
func (s restoreSteps) planReplay(ctx context.Context, t *Task, links []store.Link) error {
	moment, err := archive.ParseMoment(t.Args.To, nil)
	if err != nil {
		return err
	}
	last := links[len(links)-1]
	switch m := last.Manifest; {
	case m == nil || m.Binlog == nil:
		return fmt.Errorf("backup '%s' does not say where the server's binary log was: turn the log on (log_bin), "+
			"take a new full backup, and restore this one as it is, without to", last.Record.ID)
	case s.Server.DBType == server.MySQL && m.Binlog.GTID == "":
		return fmt.Errorf("backup '%s' has no GTIDs, without which a MySQL cannot be brought to a moment: set gtid_mode=ON and "+
			"enforce_gtid_consistency=ON, take a new full backup, and restore this one as it is, without to", last.Record.ID)
	}
	if s.Archive == nil {
		return errors.New("there is no archive of the binary log")
	}
	taken := last.Record.StartTime
	if last.Record.EndTime != nil {
		taken = *last.Record.EndTime
	}
	if t.Data.Replay, err = s.Archive.Resolve(ctx, *last.Manifest.Binlog, taken, moment); err != nil {
		return err
	}
	program, err := boot.FindProgram(ctx, s.ServerBin, s.Server.DBType)
	if err != nil {
		return err
	}
	if err := program.Fits(last); err != nil {
		return err
	}
	t.Data.ServerProgram = &program
	t.Data.ServerOptions, _ = s.verifications().programOptions(ctx, program)
	return nil
}

// replayRoom is what a replay takes on the disk, in bytes: the relay log, what the
// data grows by, a log of its own where it is done by a MySQL, and its server's redo
// log.
func replayRoom(p *archive.Plan, dbType string) uint64 {
	if p == nil {
		return 0
	}
	logs := uint64(2)
	if dbType == server.MySQL {
		logs++
	}
	// #nosec G115 -- no file, disk or log has 2^63 bytes
	return logs*uint64(p.Size) + boot.ReplayRedo
}

// replayTold is replayShort behind other words.
func replayTold(p *archive.Plan) string {
	if p == nil {
		return ""
	}
	return "; then " + replayShort(p)
}

// replayShort says what a plan brings the data to.
func replayShort(p *archive.Plan) string {
	if p == nil {
		return ""
	}
	// #nosec G115 -- no log has 2^63 bytes
	told := fmt.Sprintf("%s of the archive, %s, up to GTID %s", disk.Count(p.Transactions, "transaction"), disk.HumanBytes(uint64(p.Size)),
		shownGTID(p.GTID))
	if p.Last != nil {
		told += " of " + p.Last.Time.Format(time.DateTime) + " UTC"
	}
	if p.Seconds > 0 {
		took := time.Duration(p.Seconds * float64(time.Second))
		told += ", in about " + took.Round(time.Second).String()
	}
	return told
}

// prepareRestoreFinish is prepareFinish for a restore: what is to be brought to a
// moment is looked at before that, as the replay may remove tables.
func (s restoreSteps) prepareRestoreFinish(ctx context.Context, t Task, r job.Result) (Outcome, error) {
	outcome, err := s.prepareFinish(ctx, t, r)
	if err != nil || outcome.Event != EventOK || t.Data.Replay == nil {
		return outcome, err
	}
	p := t.Data.Placement
	if err := s.checkPromised(ctx, t, p.Prepared()); err != nil {
		return Outcome{}, err
	}
	if err := disk.WriteJSON(filepath.Join(p.Stage, boot.PlanFile), t.Data.Replay); err != nil {
		return Outcome{}, fmt.Errorf("write the plan of the replay: %w", err)
	}
	outcome.Event = EventReplay
	return outcome, nil
}

// replayJob returns the command line of a replay, this program's own.
func (s restoreSteps) replayJob(_ context.Context, t Task) (job.Spec, error) {
	p, lower := t.Data.Placement, 0
	if m := s.Store.ManifestOrNil(t.last()); m != nil {
		lower = m.Server.LowerCaseTables
	}
	args := []string{"replay", "--server=" + t.Data.ServerProgram.Path, "--lower-case-table-names=" + strconv.Itoa(lower),
		fmt.Sprintf("--use-memory=%d", s.Tool.UseMemory), "--archive=" + s.Archive.Folder, "--archive-state=" + s.Archive.State}
	if program := t.Data.ServerProgram; program.Flavour == server.MySQL {
		args = append(args, "--mysql="+program.Version)
	}
	for _, option := range t.Data.ServerOptions {
		args = append(args, "--server-option="+option)
	}
	args = append(args, p.Prepared())
	return job.Spec{Path: s.verifications().ownProgram(), Args: args, Dir: "/", Output: p.Stage, Grace: job.StopGrace}, nil
}

// replayFinish judges the replay by what it printed.
func (s restoreSteps) replayFinish(_ context.Context, t Task, r job.Result) (Outcome, error) {
	printed := strings.Split(strings.TrimSpace(r.Tail), "\n")
	if r.ExitCode > 0 && strings.HasSuffix(printed[len(printed)-1], boot.BeginAnew) {
		// Whatever was done to it: it is staged anew from the store.
		if err := disk.RemoveAll(t.Data.Placement.Stage); err != nil {
			return Outcome{}, fmt.Errorf("remove the stage of a replay that was broken off: %w", err)
		}
		t.Data.Applied, t.Data.Unpacked = 0, nil
		return Outcome{Event: EventRewind, Data: t.Data,
			Reason: "the replay was broken off where it cannot go on exactly; going back to stage"}, nil
	}
	if err := tool.ProveRun("the replay", r); err != nil {
		return Outcome{}, err
	}
	if applied, err := replayApplied(t); err == nil {
		if err := s.Archive.NoteRate(applied.Run, applied.Took()); err != nil {
			return Outcome{}, err
		}
	}
	told := fmt.Sprintf("%s replayed up to GTID %s in %s", disk.Count(t.Data.Replay.Transactions, "transaction"),
		shownGTID(t.Data.Replay.GTID), r.Ended.Sub(r.Started).Round(time.Millisecond))
	for _, line := range printed {
		if strings.HasPrefix(line, boot.EventsOff) {
			told += "; " + line
		}
	}
	return ok(t, told), nil
}

// replayProgress tells how much of the plan's binary log has been applied.
func (s restoreSteps) replayProgress(t Task, _ string) (disk.Progress, bool) {
	applied, err := replayApplied(t)
	if err != nil {
		return disk.Progress{}, false
	}
	p := disk.Progress{Done: applied.Done, Total: applied.Total}
	p.Cap()
	return p, p.Total > 0
}

// replayApplied is how far the replay has said that it is.
func replayApplied(t Task) (applied boot.Applied, err error) {
	err = disk.ReadJSON(filepath.Join(t.Data.Placement.Stage, boot.ReplayProgress), tool.MaxMetadata, &applied)
	return applied, err
}
