package steps

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/persistence"
)

// How an examination ends what it prints, beside completed: it found damage.
const foundDamage = "found damage"

// damagedLine begins each line in which an examination tells of damage.
const damagedLine = "damaged: "

// damagedShown is how many of them an error's summary repeats.
const damagedShown = 3

// examineJob returns the command line of an examination, this program's own.
func (h *Host) examineJob(_ context.Context, t Task) (JobSpec, error) {
	p := t.Data.Placement
	lower := 0
	if m := h.manifestOrNil(t.last()); m != nil {
		lower = m.Server.LowerCaseTables
	}
	args := []string{"examine", "--server=" + t.Data.ServerProgram.Path, "--lower-case-table-names=" + strconv.Itoa(lower),
		fmt.Sprintf("--use-memory=%d", h.UseMemory), "--parallel=" + strconv.Itoa(h.Parallel), p.prepared()}
	return JobSpec{Path: h.ownProgram(), Args: args, Dir: "/", Output: p.Stage, Grace: StopGrace}, nil
}

// ownProgram returns the path of this very program, where that still leads to
// it: an upgrade replaces the file.
func (h *Host) ownProgram() string {
	const self = "/proc/self/exe"
	if len(h.Supervisor) > 0 {
		return h.Supervisor[0]
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
func (h *Host) examineFinish(_ context.Context, t Task, r JobResult) (Outcome, error) {
	id := t.last()
	printed := strings.Split(strings.TrimSpace(r.Tail), "\n")
	if r.ExitCode > 0 && strings.HasSuffix(printed[len(printed)-1], foundDamage) {
		return Outcome{}, h.damage(id, persistence.LevelBoot, &ToolError{Tail: lastLines(r.Tail, tailLines),
			Summary: fmt.Sprintf("backup '%s' is damaged: on a server started on it, %s; use another chain, or take a full backup", id, damagedSummary(printed))})
	}
	if err := proveRun("the server started on backup '"+id+"'", r); err != nil {
		return Outcome{}, err
	}
	reason := "every table checked"
	if n := len(printed); n > 1 {
		reason = printed[n-2]
	}
	return ok(t, fmt.Sprintf("%s in %s", reason, r.Ended.Sub(r.Started).Round(time.Millisecond))), nil
}

// damagedSummary tells of the first of what is damaged.
func damagedSummary(printed []string) string {
	var found []string
	for _, line := range printed {
		if text, damaged := strings.CutPrefix(line, damagedLine); damaged {
			found = append(found, text)
		}
	}
	if more := len(found) - damagedShown; more > 0 {
		found = append(found[:damagedShown], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(found, ", ")
}

// serverLock is a file beside the examined folder that the server holds locked
// as long as it has not wholly ended.
const serverLock = "server.lock"

// serverEnd is how long a killed server may take to be gone.
const serverEnd = 30 * time.Second

// awaitServer waits until no server of an interrupted examination is left in a
// stage: one that has been killed may be at work for a moment longer.
func awaitServer(ctx context.Context, stage string) error {
	f, err := os.Open(filepath.Join(stage, serverLock))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("wait for the end of the server: %w", err)
	}
	defer f.Close()
	limit := time.NewTimer(serverEnd)
	defer limit.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("wait for the end of the server: %w", err)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-limit.C:
			return fmt.Errorf("a server still runs in %s: find it with fuser %s and end it", stage, f.Name())
		case <-tick.C:
		}
	}
}
