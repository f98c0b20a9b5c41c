package steps

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/boot"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/tool"
)

// damagedShown is how many of them an error's summary repeats.
const damagedShown = 3

// examineJob returns the command line of an examination, this program's own.
func (s verifySteps) examineJob(_ context.Context, t Task) (job.Spec, error) {
	p := t.Data.Placement
	lower := 0
	if m := s.Store.ManifestOrNil(t.last()); m != nil {
		lower = m.Server.LowerCaseTables
	}
	args := []string{"examine", "--server=" + t.Data.ServerProgram.Path, "--lower-case-table-names=" + strconv.Itoa(lower),
		fmt.Sprintf("--use-memory=%d", s.Tool.UseMemory), "--parallel=" + strconv.Itoa(s.Tool.Parallel), "--backup=" + s.Store.Folder(t.last())}
	for _, option := range t.Data.ServerOptions {
		args = append(args, "--server-option="+option)
	}
	args = append(args, p.Prepared())
	return job.Spec{Path: s.ownProgram(), Args: args, Dir: "/", Output: p.Stage, Grace: job.StopGrace}, nil
}

// ownProgram returns the path of this very program, where that still leads to
// it: an upgrade replaces the file.
func (s verifySteps) ownProgram() string {
	const self = "/proc/self/exe"
	if len(s.Jobs.Supervisor) > 0 {
		return s.Jobs.Supervisor[0]
	}
	path, err := os.Executable()
	if err != nil {
		return self
	}
	running, err := os.Stat(self)
	if err != nil {
		return self
	}
	if there, err := os.Stat(path); err != nil || !os.SameFile(running, there) {
		return self
	}
	return path
}

// examineFinish judges the examination by what it printed.
func (s verifySteps) examineFinish(_ context.Context, t Task, r job.Result) (Outcome, error) {
	id := t.last()
	printed := strings.Split(strings.TrimSpace(r.Tail), "\n")
	if r.ExitCode > 0 && strings.HasSuffix(printed[len(printed)-1], boot.FoundDamage) {
		return Outcome{}, s.Store.Damage(id, persistence.LevelBoot, &tool.Error{Tail: tool.LastLines(r.Tail, tool.TailLines),
			Summary: fmt.Sprintf("backup '%s' is damaged: on a server started on it, %s; use another chain, or take a full backup",
				id, damagedSummary(printed))})
	}
	if err := tool.ProveRun("the server started on backup '"+id+"'", r); err != nil {
		return Outcome{}, err
	}
	reason := "every table checked"
	if n := len(printed); n > 1 {
		reason = printed[n-2]
	}
	_, t.Data.Compared, _ = strings.Cut(reason, boot.ComparedMark)
	return ok(t, fmt.Sprintf("%s in %s", reason, r.Ended.Sub(r.Started).Round(time.Millisecond))), nil
}

// damagedSummary tells of the first of what is damaged.
func damagedSummary(printed []string) string {
	var found []string
	for _, line := range printed {
		if text, damaged := strings.CutPrefix(line, boot.DamagedLine); damaged {
			found = append(found, text)
		}
	}
	if more := len(found) - damagedShown; more > 0 {
		found = append(found[:damagedShown], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(found, ", ")
}
