package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/machine/api"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// chain takes a full backup and incrementals, each on the one before.
func (w *world) chain(ids ...string) {
	w.t.Helper()
	w.succeeded(w.full(ids[0]))
	for i, id := range ids[1:] {
		w.succeeded(w.incremental(id, ids[i]))
	}
}

// TestPrune lets old chains go on the command line; what stays restores.
func TestPrune(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	mariadbtest.FillTables(t, w.db.DB(), 3, 50)
	w.start()
	w.chain("old", "old-1", "old-2")
	w.expectCLI(0, `No retention is configured, so all backups are kept\. .*`, ``, "backups", "prune")
	w.stop()
	w.configure("retention", "{full: 1}")
	w.start()
	w.expectCLI(0, `CHAIN .*\nold +3 .* stays +the newest good chain; 0 full backups newer \(full: 1\)\n\n`+
		`retention \{full: 1\}, 0 backups deleted, 0 B\n`, ``, "backups", "prune")
	w.chain("new", "new-1")
	want := mariadbtest.Fingerprint(t, w.db.DB())
	w.expectCLI(0, `CHAIN .*\nold +3 .* goes +1 full backup newer \(full: 1\)\n`+
		`new +2 .* stays +the newest good chain; .*3 backups to be deleted, .*`, ``, "backups", "prune", "--dry-run")
	if got := w.recorded(); got != "old old-1<old old-2<old-1 new new-1<new" {
		t.Errorf("after a dry run, recorded are %s", got)
	}

	// The newest chain is damaged: the old one is the newest good one.
	name := tableFile(t, filepath.Join(w.backupDir, "new-1"))
	if err := os.Rename(name, name+".aside"); err != nil {
		t.Fatal(err)
	}
	w.expectCLI(0, `.*old +3 .* stays +the newest good chain.*new +2 .* stays +0 full backups newer \(full: 1\); not good: `+
		`backup 'new-1' is damaged: .* is missing.*0 backups deleted.*`, ``, "backups", "prune")
	if err := os.Rename(name+".aside", name); err != nil {
		t.Fatal(err)
	}

	w.expectCLI(0, `.*old +3 .* deleted +1 full backup newer.*3 backups deleted, .*`, ``, "backups", "prune")
	if got, there := w.recorded(), entries(t, w.backupDir); got != "new new-1<new" || !slices.Equal(there, []string{"new", "new-1"}) {
		t.Errorf("recorded are %s, in the store %v", got, there)
	}
	w.expectCLI(0, `.*new +2 .* stays .*0 backups deleted, 0 B\n`, ``, "backups", "prune")
	v := w.succeeded(w.restore(api.TargetFolder, "new", "new-1"))
	w.db.Stop()
	w.db.StartOn(filepath.Join(v.Args.TmpDir, "new"))
	w.holds(want)
}

// TestPruneIsKilled kills the daemon at one deletion after another: what is
// left is whole from its full backup on, and the next prune finishes.
func TestPruneIsKilled(t *testing.T) {
	t.Parallel()
	points := t.TempDir()
	w := newWorld(t, worldOptions{tags: "crashpoints", config: map[string]string{"retention": "{full: 1}"}})
	w.env = append(w.env, "DBCALM_CRASH_DIR="+points)
	w.start()
	w.chain("a", "a-1", "a-2")
	w.chain("b", "b-1")
	w.chain("new")
	for _, point := range []string{"accept-recorded", "retire-renamed", "after-erase", "after-record"} {
		armed := filepath.Join(points, point)
		if err := os.WriteFile(armed, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		answered := make(chan struct{})
		go func() {
			_, _ = w.client.Prune(w.ctx(), api.PruneRequest{})
			close(answered)
		}()
		w.eventually(point+" is reached", func() bool { _, err := os.Stat(armed + ".hit"); return err == nil })
		w.kill()
		<-answered
		rows := w.recorded()
		for word := range strings.FieldsSeq(rows) {
			if _, base, incremental := strings.Cut(word, "<"); incremental && !slices.ContainsFunc(strings.Fields(rows), func(other string) bool {
				return other == base || strings.HasPrefix(other, base+"<")
			}) {
				t.Errorf("%s: %s stands on nothing: %s", point, word, rows)
			}
		}
		w.start()
		w.eventually("the deletion ends", func() bool {
			list, err := w.client.Operations(w.ctx(), api.OperationFilter{State: "running"})
			return err == nil && len(list) == 0
		})
	}
	w.expectCLI(0, `.*new .* stays .*`, ``, "backups", "prune")
	if got, there := w.recorded(), entries(t, w.backupDir); got != "new" || !slices.Equal(there, []string{"new"}) {
		t.Errorf("recorded are %s, in the store %v", got, there)
	}
	w.expectCLI(0, `Nothing to do: 1 backup recorded.*`, ``, "backups", "rebuild")
}
