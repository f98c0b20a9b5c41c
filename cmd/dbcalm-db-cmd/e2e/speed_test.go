//go:build speed

package e2e

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/machine/api"
)

// TestSpeed compares the daemon's operations with the bare tools in one run, and
// prints the table that the manual shows. The two take turns, so that what else
// the machine does falls on both; each figure is the median of its rounds, from
// the command's being sent to its recorded end, with all data on the disk.
// BENCH_OUT is a file to which the table is written.
func TestSpeed(t *testing.T) {
	table := &speedTable{mebibytes: benchNumber(t, "BENCH_MIB", 512), rounds: benchNumber(t, "BENCH_ROUNDS", 5),
		machine: machine(t), load: load(t)}
	measure := func(name string, work func(t *testing.T)) {
		t.Run(name, work)
		// What comes later may be given up.
		table.loadNow = load(t)
		writeMeasured(t, os.Getenv("BENCH_OUT"), table.text())
	}
	for _, set := range speedSets {
		measure(set.name, func(t *testing.T) { newSpeed(t, table, set.name, "").data(set.value) })
	}
	measure("cloning", func(t *testing.T) {
		if mount := cloningDisk(t, table); mount != "" {
			newSpeed(t, table, speedSets[0].name, mount).clones(speedSets[0].value)
		}
	})
	measure("tables", func(t *testing.T) { newSpeed(t, table, "", "").tables(benchNumber(t, "BENCH_TABLES", 20000)) })
	measure("answers", func(t *testing.T) { answers(t, table) })
	fmt.Print("\n", table.text())
}

// load is how many programs wanted a processor in the last minute, which takes
// more from our jobs, as they yield, than from the bare tools.
func load(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		t.Fatal(err)
	}
	minute, _, _ := strings.Cut(string(text), " ")
	return minute
}

// machine says on which one this runs: its processors and its kernel.
func machine(t *testing.T) string {
	t.Helper()
	processors, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		t.Fatal(err)
	}
	_, model, _ := strings.Cut(string(processors), "model name")
	model, _, _ = strings.Cut(model, "\n")
	var system unix.Utsname
	if err := unix.Uname(&system); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d × %s, Linux %s", runtime.NumCPU(), strings.TrimLeft(model, "\t :"), unix.ByteSliceToString(system.Release[:]))
}

func benchNumber(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv(variable), strconv.Itoa(otherwise)))
	if err != nil || n < 1 {
		t.Fatalf("%s must be a whole number from 1", variable)
	}
	return n
}

// speed is a world in which ways to the same end are timed.
type speed struct {
	*world
	table *speedTable
	set   string
	// bare is the folder in which the bare tools work, on the same disk.
	bare string
	// tool is the backup tool with its options for a login.
	tool string
	next int
}

// newSpeed makes a world on the disk of a folder, or of the tests' own for "".
func newSpeed(t *testing.T, table *speedTable, set, on string) *speed {
	t.Helper()
	if on != "" {
		t.Setenv("TMPDIR", on)
	}
	w := newWorld(t, worldOptions{config: map[string]string{"parallel": strconv.Itoa(runtime.NumCPU()), "log_level": "info"}})
	s := &speed{world: w, table: table, set: set, bare: filepath.Join(w.dir, "bare")}
	s.tool = fmt.Sprintf("%s --defaults-file=%s --defaults-group-suffix=-dbcalm", realTool(t), w.db.CredentialsFile)
	return s
}

// compare times two ways in turns, and returns the median of each. Each is prepared
// and cleared away outside of the time that it takes.
func (s *speed) compare(row string, ours func() time.Duration, bare func()) (medians [2]time.Duration) {
	s.t.Helper()
	ways := []func() time.Duration{ours, func() time.Duration {
		began := time.Now()
		bare()
		return time.Since(began)
	}}
	var taken [2][]time.Duration
	for round := range s.table.rounds {
		for i := range ways {
			// Whoever comes first in one round comes second in the next.
			way := (round + i) % len(ways)
			s.clear()
			taken[way] = append(taken[way], ways[way]())
		}
	}
	s.clear()
	medians = [2]time.Duration{median(taken[0]), median(taken[1])}
	s.table.add(row, s.set, medians[0], medians[1])
	fmt.Printf("%s, %s: %v against %v\n", row, s.set, taken[0], taken[1])
	return medians
}

// clear leaves an empty folder to the bare tools and nothing for the disk to do.
func (s *speed) clear() {
	s.t.Helper()
	if err := os.RemoveAll(s.bare); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Mkdir(s.bare, 0o755); err != nil {
		s.t.Fatal(err)
	}
	unix.Sync()
}

// shell runs a line in the folder of the bare tools.
func (s *speed) shell(line string) {
	s.t.Helper()
	line = strings.NewReplacer("TOOL", s.tool, "PARALLEL", strconv.Itoa(runtime.NumCPU()), "DATA", s.db.DataDir, "STORE", s.backupDir).
		Replace(line)
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", line)
	cmd.Dir = s.bare
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("%s: %v\n%s", line, err, out[max(0, len(out)-4000):])
	}
}

// warm brings what a way reads into memory, so that none pays for another.
func (s *speed) warm(folder string) {
	s.shell("find " + folder + " -type f -print0 | xargs -0 cat >/dev/null")
}

// askEvery is how often an operation is looked at.
const askEvery = 250 * time.Millisecond

// operation times one that succeeds. Sent returns its id.
func (s *speed) operation(send func() string) time.Duration {
	s.t.Helper()
	began := time.Now()
	id := send()
	var v api.OperationView
	// As often as a client asks, who takes time from the work, too.
	ticks := time.NewTicker(askEvery)
	defer ticks.Stop()
	for v.FinishedAt == nil {
		<-ticks.C
		v = s.show(id)
	}
	if v.Status != "succeeded" {
		s.t.Fatalf("%s: %s in %s: %s\n%s", v.Machine, v.Status, v.State, v.Error, s.story(v))
	}
	ledger := s.ledger()
	defer ledger.Close()
	s.delivered(ledger)
	s.t.Logf("%s in %s:%s", v.Machine, v.FinishedAt.Sub(began), stays(v))
	return v.FinishedAt.Sub(began)
}

// stays tells how long an operation was in each of its states.
func stays(v api.OperationView) string {
	var b strings.Builder
	since := v.CreatedAt
	for _, tr := range v.Transitions {
		if tr.From != "" {
			fmt.Fprintf(&b, " %s %s", tr.From, tr.At.Sub(since).Round(time.Millisecond))
		}
		since = tr.At
	}
	return b.String()
}

// timedBackup takes a full backup; it is gone when the next round begins.
func (s *speed) timedBackup() time.Duration {
	s.t.Helper()
	s.next++
	id := fmt.Sprintf("timed-%d", s.next)
	s.warm("DATA")
	took := s.operation(func() string { return s.full(id) })
	if err := s.client.DeleteBackup(s.ctx(), api.DeleteRequest{ID: id}); err != nil {
		s.t.Fatal(err)
	}
	return took
}

// restored restores a chain into the data directory, which is then emptied.
func (s *speed) restored(ids ...string) time.Duration {
	s.t.Helper()
	s.warm("STORE")
	s.loseData()
	unix.Sync()
	took := s.operation(func() string { return s.restore(api.TargetDatabase, ids...) })
	s.loseData()
	return took
}

func median(taken []time.Duration) time.Duration {
	slices.Sort(taken)
	return taken[len(taken)/2]
}
