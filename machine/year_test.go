//go:build year

package machine

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/server"
)

// copyingTool is fakeTool with a backup: it writes what a tool leaves, of a server
// whose LSN grows by one with each.
const copyingTool = `#!/bin/sh
for option; do
	case $option in
	--version) echo "mariadb-backup based on MariaDB server 10.11.19-MariaDB Linux (x86_64)"; exit 0 ;;
	--backup) backup=1 ;;
	--target-dir=*) target=${option#*=} ;;
	--incremental-basedir=*) base=${option#*=} ;;
	esac
done
[ "$backup" ] || { echo "cannot do this"; exit 1; }
from=0 kind=full-backuped table=orders.ibd
if [ "$base" ]; then
	while IFS= read -r line; do case $line in to_lsn*) from=${line#to_lsn = } ;; esac; done <"$base/xtrabackup_checkpoints"
	kind=incremental table=orders.ibd.delta
fi
to=$((from + 100))
mkdir "$target/shop"
echo "rows up to $to" >"$target/shop/$table"
printf 'tool_name = mariabackup\n' >"$target/xtrabackup_info"
printf '[mysqld]\ninnodb_page_size=16384\n' >"$target/backup-my.cnf"
printf 'backup_type = %s\nfrom_lsn = %s\nto_lsn = %s\nlast_lsn = %s\n' $kind $from $to $to >"$target/xtrabackup_checkpoints"
echo "Redo log (from LSN $from to $to) was copied."
echo "completed OK!"
`

const (
	hoursAWeek = 7 * 24
	weeksAYear = 52
	// settledBy is the week from which on nothing may grow: the retention and the
	// history have then filled up.
	settledBy = 20
)

// year is a world in which a backup is taken every hour.
type year struct {
	*world
	settings steps.Settings
	// last is the newest backup.
	last string
}

// TestYear lives through 8,760 hours as fast as it can: every week a full backup,
// every hour an incremental on the last one, every week a prune, a verification, a
// sweep of the history and a restart. Only the server is not there: what asks it is
// left out.
func TestYear(t *testing.T) {
	w := &year{}
	w.world = newWorld(t, func(s *steps.Settings) { w.settings = *s })
	w.options.Logger = zerolog.Nop()
	w.options.Retention = api.Retention{Full: 3}
	w.options.KeepHistory = time.Second
	w.write(filepath.Join(w.dir, "tool"), copyingTool)
	w.write(w.host.Server.CredentialsFile, "[client-dbcalm]\nuser = dbcalm\npassword = secret\n")
	began := time.Now()
	var before, after leak
	hours := weeksAYear*hoursAWeek + 24
	for hour := range hours {
		if hour%hoursAWeek == 0 {
			w.restart()
		}
		w.backup(hour)
		if hour%hoursAWeek == hoursAWeek-1 {
			w.week()
		}
		switch hour {
		case settledBy*hoursAWeek - 1:
			before = w.look()
			t.Logf("after %d weeks, %s: %s", settledBy, time.Since(began).Round(time.Second), before)
		case weeksAYear*hoursAWeek - 1:
			after = w.look()
		}
	}
	t.Logf("after %d hours, %s: %s", hours, time.Since(began).Round(time.Second), after)
	before.compare(t, after)
}

// serverless takes the questions to the server out of the steps of a backup.
func (w *year) serverless() {
	registry := w.host.Steps()
	validate := registry["validate_backup"]
	validate.Run = func(ctx context.Context, t steps.Task) (steps.Outcome, error) {
		found, err := w.host.Tool.Find(ctx, "10.11.19-MariaDB")
		if err != nil {
			return steps.Outcome{}, err
		}
		t.Data.Server = &server.Info{Flavour: server.MariaDB, Version: "10.11.19-MariaDB", UID: "u", DataDir: w.host.Server.DataDir}
		t.Data.Tool = &found
		t.Data.Form = w.host.ChooseForm(t)
		return steps.Outcome{Event: steps.EventOK, Reason: "no server is asked", Data: t.Data}, nil
	}
	w.replace["validate_backup"] = validate
	reserve := registry["reserve_work"]
	run := reserve.Run
	reserve.Run = func(ctx context.Context, t steps.Task) (steps.Outcome, error) {
		was := t.Data.Server
		t.Data.Server = nil
		outcome, err := run(ctx, t)
		outcome.Data.Server = was
		return outcome, err
	}
	w.replace["reserve_work"] = reserve
}

// restart ends the daemon's part of this process and starts it anew, databases and
// all.
func (w *year) restart() {
	w.t.Helper()
	if w.Manager != nil {
		w.Stop()
		w.Manager = nil
	}
	if err := w.Store.Close(); err != nil {
		w.t.Fatal(err)
	}
	store, err := persistence.Open(w.t.Context(), persistence.Options{StateDir: w.host.Jobs.StateDir, Shared: w.path})
	if err != nil {
		w.t.Fatal(err)
	}
	w.Store, w.host = store, steps.NewHost(w.settings, store)
	w.serverless()
	w.start()
}

// backup takes the backup of an hour.
func (w *year) backup(hour int) {
	w.t.Helper()
	id := fmt.Sprintf("hour-%05d", hour)
	args, what := api.Args{ID: id}, order{command: commandFullBackup}
	claims := []persistence.Claim{{BackupID: id, Use: persistence.Makes}}
	if hour%hoursAWeek != 0 {
		args.FromBackupID, what.command = w.last, commandIncrementalBackup
		claims = append(claims, persistence.Claim{BackupID: w.last, Use: persistence.Reads})
	}
	w.last = id
	w.succeeds(w.accepted(w.engine.accept(w.t.Context(), what, id, args, claims, nil)))
}

// succeeds waits for the end of an operation, which must be a success.
func (w *year) succeeds(id string) {
	w.t.Helper()
	o, err := w.await(w.t.Context(), id, time.Minute)
	if err != nil || o.Status != persistence.Succeeded {
		w.t.Fatalf("operation %s of %s: %s, %s, %v", id, o.BackupID, o.Status, o.Error, err)
	}
}

// week does what is done once a week.
func (w *year) week() {
	w.t.Helper()
	w.succeeds(w.accepted(w.VerifyBackup(w.t.Context(), api.VerifyRequest{ID: w.last, Level: persistence.LevelChecksum})))
	report, err := w.Prune(w.t.Context(), api.PruneRequest{})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range report.Chains {
		if c.Problem != "" {
			w.t.Fatalf("chain %s: %s", c.Chain, c.Problem)
		}
	}
	w.sweep(keptNewest)
}

// leak is what there is that could leak.
type leak struct {
	goroutines, descriptors int
	heap                    uint64
	// rows are those of each table of both files, entries those of each folder.
	rows, entries map[string]int
}

func (l leak) String() string {
	return fmt.Sprintf("%d goroutines, %d descriptors, %d KiB of heap, rows %v, folders %v",
		l.goroutines, l.descriptors, l.heap>>10, l.rows, l.entries)
}

func (w *year) look() leak {
	w.t.Helper()
	l := leak{rows: map[string]int{}, entries: map[string]int{}}
	for file, path := range map[string]string{"ledger": persistence.LedgerPath(w.host.Jobs.StateDir), "shared": w.path} {
		w.countRows(l.rows, file, path)
	}
	for name, folder := range map[string]string{"store": w.host.Store.BackupDir, "state": w.host.Jobs.StateDir} {
		err := filepath.WalkDir(folder, func(_ string, _ fs.DirEntry, err error) error {
			l.entries[name]++
			return err
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
	for range 3 {
		runtime.GC()
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	l.heap, l.goroutines = memory.HeapAlloc, runtime.NumGoroutine()
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		w.t.Fatal(err)
	}
	l.descriptors = len(open)
	return l
}

// countRows counts the rows of each table of a file.
func (w *year) countRows(rows map[string]int, file, path string) {
	w.t.Helper()
	db := w.open(path)
	defer db.Close()
	tables, err := db.QueryContext(w.t.Context(), `SELECT name FROM sqlite_master WHERE type = 'table'`)
	if err != nil {
		w.t.Fatal(err)
	}
	defer tables.Close()
	var names []string
	for tables.Next() {
		var name string
		if err := tables.Scan(&name); err != nil {
			w.t.Fatal(err)
		}
		names = append(names, name)
	}
	for _, name := range names {
		var n int
		if err := db.QueryRowContext(w.t.Context(), `SELECT count(*) FROM `+name).Scan(&n); err != nil {
			w.t.Fatal(err)
		}
		rows[file+" "+name] = n
	}
}

// compare demands that nothing has grown between two looks at the same hour of a
// week, but for one table: it has a row for each backup that was ever made.
func (l leak) compare(t *testing.T, after leak) {
	t.Helper()
	const kept = "ledger backup_made"
	for _, table := range slices.Sorted(maps.Keys(after.rows)) {
		// How many operations a kept backup still has varies with where a prune falls.
		if n, was := after.rows[table], l.rows[table]; table != kept && n > was+was/20+2 {
			t.Errorf("%s has %d rows, and had %d", table, n, was)
		}
	}
	for name, n := range after.entries {
		if was := l.entries[name]; n > was+was/20+2 {
			t.Errorf("the folder %s has %d entries, and had %d", name, n, was)
		}
	}
	if after.goroutines > l.goroutines || after.descriptors > l.descriptors {
		t.Errorf("%d goroutines and %d descriptors, before %d and %d", after.goroutines, after.descriptors, l.goroutines, l.descriptors)
	}
	if after.heap > l.heap+l.heap/10+1<<20 {
		t.Errorf("%d KiB of heap, before %d", after.heap>>10, l.heap>>10)
	}
}
