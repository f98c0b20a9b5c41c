//go:build load

package e2e

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/human"
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/transport/client"
)

// measured is one line of the table: the median and the 99th percentile of how
// long something takes, and what it may.
type measured struct {
	what  string
	times []time.Duration
	most  time.Duration
}

// percentile returns the time that so many of a hundred took no longer than.
func percentile(times []time.Duration, n int) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[(len(sorted)*n+99)/100-1]
}

func (m measured) String() string {
	return fmt.Sprintf("| %s | %s | %s | %s |", m.what, brief(percentile(m.times, 50)), brief(percentile(m.times, 99)), brief(m.most))
}

// brief writes a time with as many digits as mean something.
func brief(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= 10*time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(10 * time.Microsecond).String()
}

// loadWorld is a world with a daemon on a long history, which make load has built
// before (package persistence): at work on one backup, others waiting behind it.
type loadWorld struct {
	*world
	metrics string
	held    *gate
	lines   []measured
	// peak is the most memory that a daemon had resident, in KiB.
	peak   int64
	missed []string
}

const (
	loadBackups = 2000
	loadChain   = 10
	// loadTables is how many tables each of the backups has.
	loadTables = 5
)

func newLoadWorld(t *testing.T) *loadWorld {
	dir := os.Getenv("LOAD_DIR")
	if dir == "" {
		t.Fatal("LOAD_DIR is not set: run make load")
	}
	w := &loadWorld{world: newWorld(t, worldOptions{stateDir: filepath.Join(dir, "state")})}
	w.metrics, w.held = filepath.Join(w.dir, "m"), w.newGate("gate")
	for key, value := range map[string]string{
		"database_path": filepath.Join(dir, "db.sqlite3"), "max_waiting": "10000", "metrics_listen": w.metrics, "log_level": "warn",
		"backup_bin": fakeTool(t, w.dir, w.held.wait()),
	} {
		w.configure(key, value)
	}
	for n := range loadBackups {
		w.putBackup(n)
	}
	return w
}

// putBackup puts a backup of the history into the store.
func (w *loadWorld) putBackup(n int) {
	w.t.Helper()
	name := func(n int) string { return fmt.Sprintf("backup-%04d", n) }
	folder, kind := filepath.Join(w.backupDir, name(n)), "full-backuped"
	m := store.Manifest{Format: store.PlainFormat, ID: name(n), Kind: "full", Operation: "made-" + name(n), Size: 1 << 30,
		StartTime: time.Now().UTC(), EndTime: time.Now().UTC()}
	if n%loadChain > 0 {
		m.Kind, m.ParentID, kind = "incremental", name(n-1), "incremental"
		m.FromLSN = uint64(100 * (n % loadChain))
	}
	m.ToLSN = uint64(100 * (n%loadChain + 1))
	m.LastLSN = m.ToLSN
	files := map[string]string{"backup-my.cnf": "[mysqld]\n", "xtrabackup_info": "tool_name = mariabackup\n",
		"xtrabackup_checkpoints": fmt.Sprintf("backup_type = %s\nfrom_lsn = %d\nto_lsn = %d\nlast_lsn = %d\n",
			kind, m.FromLSN, m.ToLSN, m.LastLSN)}
	for i := range loadTables {
		files[fmt.Sprintf("shop/orders_of_the_year_%d.ibd", 2020+i)] = "rows of " + m.ID
	}
	m.Folders = []string{"shop"}
	for _, file := range slices.Sorted(maps.Keys(files)) {
		sum := sha256.Sum256([]byte(files[file]))
		m.Files = append(m.Files, store.ManifestFile{Path: file, Size: int64(len(files[file])), SHA256: hex.EncodeToString(sum[:])})
	}
	text, err := json.MarshalIndent(m, "", " ")
	files[store.ManifestName] = string(text)
	if err == nil {
		err = os.MkdirAll(filepath.Join(folder, "shop"), 0o750)
	}
	for file, content := range files {
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, file), []byte(content), 0o640)
		}
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// measure adds a line to the table: so many times something is done.
func (w *loadWorld) measure(what string, most time.Duration, times int, do func(n int)) {
	w.t.Helper()
	m := measured{what: what, most: most}
	for n := range times {
		began := time.Now()
		do(n)
		m.times = append(m.times, time.Since(began))
	}
	w.add(m)
}

func (w *loadWorld) add(m measured) {
	w.t.Log(m)
	w.lines = append(w.lines, m)
	if worst := percentile(m.times, 99); worst > m.most {
		w.missed = append(w.missed, fmt.Sprintf("%s: %s of 99 in 100 are more than %s", m.what, brief(worst), brief(m.most)))
	}
}

// asks asks the daemon something that must go well.
func asks[T any](w *loadWorld, question func(ctx context.Context, c *client.Client) (T, error)) T {
	w.t.Helper()
	answer, err := question(context.Background(), w.client)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer
}

// list asks for operations.
func (w *loadWorld) list(f api.OperationFilter) []api.OperationSummary {
	w.t.Helper()
	return asks(w, func(ctx context.Context, c *client.Client) ([]api.OperationSummary, error) {
		return c.Operations(ctx, f)
	})
}

// status returns a figure of the daemon's process, in KiB.
func (w *loadWorld) status(name string) int64 {
	w.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", w.daemon.cmd.Process.Pid))
	if err != nil {
		w.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(line, name+":"); found {
			n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			if err != nil {
				w.t.Fatal(err)
			}
			return n
		}
	}
	w.t.Fatalf("the kernel does not tell %s", name)
	return 0
}

// TestLoad measures what a daemon does whose history is long, and prints the
// table that is in the manual.
func TestLoad(t *testing.T) {
	w := newLoadWorld(t)
	ready := measured{what: "ready to answer, after the start", most: 500 * time.Millisecond}
	for range 5 {
		began := time.Now()
		w.start()
		ready.times = append(ready.times, time.Since(began))
		w.eventually("the backup is under way", w.held.reached)
		w.kill()
	}
	w.add(ready)
	w.start()
	w.answers()
	rest := w.status("VmRSS")
	crowd := w.crowd()
	w.report(rest, crowd)
	w.kill()
	for _, missed := range w.missed {
		t.Error(missed)
	}
}

// answers measures what one client waits for while nothing else is asked.
func (w *loadWorld) answers() {
	const quick = 20 * time.Millisecond
	total := len(w.list(api.OperationFilter{Limit: 1000}))
	if total != 1000 {
		w.t.Fatalf("the history has %d operations only", total)
	}
	w.measure("`operations list`", quick, 300, func(int) { w.list(api.OperationFilter{}) })
	for _, word := range []string{"done", "failed", "halted", "waiting"} {
		w.measure("`operations list --state "+word+"`", quick, 200, func(int) { w.list(api.OperationFilter{State: word}) })
	}
	known := w.list(api.OperationFilter{Limit: 1000, State: "succeeded"})
	w.measure("`operations show`", quick, 300, func(n int) {
		asks(w, func(ctx context.Context, c *client.Client) (api.OperationView, error) {
			return c.Operation(ctx, known[n].ID)
		})
	})
	w.measure("an id cut short, completed", quick, 300, func(n int) {
		if found := w.list(api.OperationFilter{Limit: 20, IDPrefix: known[n].ID[:8]}); !slices.ContainsFunc(found,
			func(o api.OperationSummary) bool { return o.ID == known[n].ID }) {
			w.t.Fatalf("%s is not found by its first letters", known[n].ID)
		}
	})
	w.measure("a full backup, accepted", quick, 200, func(n int) { w.full(fmt.Sprintf("full-%d", n)) })
	w.measure("an incremental backup, accepted", quick, 200, func(n int) {
		w.incremental(fmt.Sprintf("incremental-%d", n), fmt.Sprintf("backup-%04d", loadBackups-1))
	})
	w.measure("metrics", 100*time.Millisecond, 30, func(int) { w.scrape(w.metrics) })
	w.measure("`backups list`", time.Second, 20, func(int) {
		asks(w, func(ctx context.Context, c *client.Client) ([]api.BackupView, error) { return c.Backups(ctx) })
	})
	w.measure("`doctor`", 10*time.Second, 3, func(int) { w.cli("doctor", "--json") })
}

// report prints the table.
func (w *loadWorld) report(rest int64, crowd string) {
	w.t.Helper()
	w.peak = max(w.peak, w.status("VmHWM"))
	var text strings.Builder
	size := func(path string) string {
		info, err := os.Stat(path)
		if err != nil {
			w.t.Fatal(err)
		}
		return human.Bytes(info.Size())
	}
	dir := os.Getenv("LOAD_DIR")
	fmt.Fprintf(&text, "%s operations in a ledger of %s and a shared file of %s, %d backups, 100 operations open; on %s.\n\n",
		cmp.Or(os.Getenv("LOAD_OPERATIONS"), "1000000"), size(filepath.Join(dir, "state", "ledger.sqlite3")),
		size(filepath.Join(dir, "db.sqlite3")), loadBackups, machineText(w.t))
	text.WriteString("| What | Median | 99 in 100 | Goal |\n|---|---|---|---|\n")
	for _, m := range w.lines {
		text.WriteString(m.String() + "\n")
	}
	fmt.Fprintf(&text, "\n%s\n\nThe daemon's resident memory was %s after the questions one by one, and %s at most.\n", crowd,
		human.Bytes(rest<<10), human.Bytes(w.peak<<10))
	if w.peak > 32<<10 {
		w.missed = append(w.missed, fmt.Sprintf("resident memory of %s", human.Bytes(w.peak<<10)))
	}
	w.t.Log("\n" + text.String())
	writeMeasured(w.t, os.Getenv("LOAD_OUT"), text.String())
}

// machineText says what machine this is.
func machineText(t testing.TB) string {
	cpus, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		t.Fatal(err)
	}
	model, n := "", 0
	for line := range strings.Lines(string(cpus)) {
		if name, found := strings.CutPrefix(line, "model name"); found {
			model, n = strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(name), ":")), n+1
		}
	}
	return fmt.Sprintf("%d × %s", n, cmp.Or(model, "CPU"))
}
