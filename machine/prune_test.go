package machine

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/testkit"
)

// chainsOf puts chains into the store, each a word of its links, an hour
// apart: f-i-j is the full backup f with i and j on it.
func (w *world) chainsOf(words string) {
	w.t.Helper()
	begin := time.Now().UTC().Add(-100 * time.Hour)
	for n, word := range strings.Fields(words) {
		from := ""
		for i, id := range strings.Split(word, "-") {
			w.backupAt(id, from, 100*i, 100*(i+1), begin.Add(time.Duration(n)*time.Hour+time.Duration(i)*time.Minute))
			from = id
		}
	}
}

// prunes demands what becomes of each chain, oldest first.
func (w *world) prunes(dryRun bool, want string) api.PruneReport {
	w.t.Helper()
	report, err := w.Prune(w.t.Context(), api.PruneRequest{DryRun: dryRun})
	if err != nil {
		w.t.Fatal(err)
	}
	var words []string
	for _, c := range report.Chains {
		word := c.Chain
		if c.Goes {
			word += fmt.Sprintf(":%d/%d", c.Deleted, c.Count)
		}
		if c.Problem != "" {
			word += "!"
		}
		words = append(words, word)
	}
	if got := strings.Join(words, " "); got != want {
		w.t.Errorf("got  %s\nwant %s\n%+v", got, want, report.Chains)
	}
	return report
}

// retaining makes a world with a retention.
func retaining(t *testing.T, r api.Retention) *world {
	w := newWorld(t)
	w.options.Retention = r
	return w
}

func TestPruneDeletesWholeChains(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := retaining(t, api.Retention{Full: 2})
	w.chainsOf("a-b-c d e-f g")
	w.start()
	report := w.prunes(true, "a:0/3 d:0/1 e g")
	if !report.DryRun || report.Retention.Full != 2 || strings.Join(report.Chains[0].Backups, " ") != "a b c" ||
		report.Chains[2].Backups != nil {
		t.Errorf("%+v", report)
	}
	if there := w.names(w.host.Store.BackupDir); there != "a b c d e f g" {
		t.Errorf("a dry run left %s", there)
	}
	w.prunes(false, "a:3/3 d:1/1 e g")
	if there := w.names(w.host.Store.BackupDir); there != "e f g" {
		t.Errorf("the store holds %s", there)
	}
	list, err := w.Manager.Operations(t.Context(), api.OperationFilter{})
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, o := range list {
		if o.Machine == "delete_backup" {
			order = append(order, o.Backup)
		}
	}
	// Listed newest first.
	if got := strings.Join(order, " "); got != "d a b c" {
		t.Errorf("deleted, the last one first: %s", got)
	}
	w.prunes(false, "e g")
}

func TestPruneWithoutARetention(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.chainsOf("a b")
	w.start()
	w.prunes(false, "")
	if there := w.names(w.host.Store.BackupDir); there != "a b" {
		t.Errorf("the store holds %s", there)
	}
}

// What a chain is worth is found out from its files.
func TestPruneKeepsTheNewestGoodChain(t *testing.T) {
	t.Parallel()
	w := retaining(t, api.Retention{Full: 1})
	w.chainsOf("a b c-d e")
	if err := os.RemoveAll(w.host.Store.Folder("e")); err != nil {
		t.Fatal(err)
	}
	w.write(w.host.Store.Folder("d")+"/xtrabackup_checkpoints", "backup_type = incremental\nfrom_lsn = 101\nto_lsn = 200\nlast_lsn = 200\n")
	w.start()
	// c counts as a full backup, and b is the newest chain that is whole.
	report := w.prunes(true, "a:0/1 b c e")
	for i, says := range []string{"2 full backups newer (full: 1)", "the newest good chain",
		"0 full backups newer (full: 1); not good: backup 'd' begins at LSN 101, but 'c' ends at 100", "not good: 'e': its folder "} {
		if !strings.Contains(report.Chains[i].Why, says) {
			t.Errorf("%s: %s", report.Chains[i].Chain, report.Chains[i].Why)
		}
	}
	// A verification that failed is known against it, too.
	o := persistence.Operation{ID: "verified", Machine: "verify_backup", Definition: w.source("verify_backup"), BackupID: "b",
		Args: []byte("{}"), State: "queued", Status: persistence.Waiting, Seq: 1, Attempt: 1, Data: []byte("{}"), CreatedAt: time.Now()}
	w.accepts(o, "")
	if _, err := w.Apply(t.Context(), persistence.Change{OperationID: o.ID, Seq: 1, From: "queued", Event: "ok", To: "done", At: o.CreatedAt,
		Status: persistence.Failed, Attempt: 1, Data: o.Data,
		Verdicts: []persistence.Verdict{{BackupID: "b", Level: persistence.LevelChecksum, Damage: "a flipped bit"}}}); err != nil {
		t.Fatal(err)
	}
	report = w.prunes(true, "a b:0/1 c e")
	if why := report.Chains[1].Why; !strings.Contains(why, "not good: 'b': failed checksum on ") {
		t.Errorf("b: %s", why)
	}
}

func TestPruneLeavesAloneWhatIsInUse(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := retaining(t, api.Retention{Full: 1})
	w.chainsOf("a-b c d")
	w.closeGate()
	w.start()
	id := w.restore("a")
	w.works(id, "prepare")
	report := w.prunes(false, "a c:1/1 d")
	if why := report.Chains[0].Why; !strings.Contains(why, "in use: operation "+id+" reads 'a'") {
		t.Errorf("why a stays: %s", why)
	}
	w.pass("ok")
	w.ends(id, persistence.Succeeded)
	w.prunes(false, "a:2/2 d")
}

// A backup whose record is lost stands on a chain that may go.
func TestPruneHoldsWhatALostRecordNeeds(t *testing.T) {
	t.Parallel()
	w := retaining(t, api.Retention{Full: 1})
	w.chainsOf("a b")
	w.stored("lost", "a")
	w.stored("alone", "")
	w.start()
	report := w.prunes(false, "a b alone")
	if why := report.Chains[0].Why; !strings.Contains(why, "'lost' has no record: dbcalm-db-cmd backups rebuild") {
		t.Errorf("why a stays: %s", why)
	}
}

// One deletion fails: the rest of its chain stays, the others go.
func TestPruneGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := retaining(t, api.Retention{Full: 1})
	w.chainsOf("a-b-c d-e f")
	erase := w.host.Steps()["erase_backup"].Run
	w.replace["erase_backup"] = steps.Step{Run: func(ctx context.Context, t steps.Task) (steps.Outcome, error) {
		if t.Args.ID == "b" {
			return steps.Outcome{}, errLuck
		}
		return erase(ctx, t)
	}}
	w.start()
	report := w.prunes(false, "a:1/3! d:2/2 f")
	problem := report.Chains[0].Problem
	if !strings.Contains(problem, "backup 'b' was not deleted: no luck today; mend that, then dbcalm-db-cmd operations retry ") {
		t.Errorf("problem: %s", problem)
	}
	if _, err := w.Backup(t.Context(), "a"); err != nil {
		t.Errorf("the base of what was not deleted is gone: %v", err)
	}
	delete(w.replace, "erase_backup")
	w.start()
	w.prunes(false, "a:2/2 f")
}

// The backup disk is taken away between two deletions.
func TestPruneStopsWhenTheStoreVanishes(t *testing.T) {
	t.Parallel()
	w := retaining(t, api.Retention{Full: 1})
	w.chainsOf("a-b c")
	erase := w.host.Steps()["erase_backup"].Run
	w.replace["erase_backup"] = steps.Step{Run: func(ctx context.Context, t steps.Task) (steps.Outcome, error) {
		out, err := erase(ctx, t)
		if err == nil {
			err = os.Rename(w.host.Store.BackupDir, w.host.Store.BackupDir+"-away")
		}
		return out, err
	}}
	w.start()
	report := w.prunes(false, "a:1/2! c")
	problem := report.Chains[0].Problem
	if !strings.Contains(problem, "the folder of backup 'a' has just vanished: check that the disk of backup_dir is mounted") {
		t.Errorf("problem: %s", problem)
	}
	// Nothing good is to be seen now, so nothing goes.
	w.prunes(false, "a c")
	if list, err := w.Store.Backups(t.Context()); err != nil || len(list) != 2 {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestPruneOneAtATime(t *testing.T) {
	t.Parallel()
	w := retaining(t, api.Retention{Full: 1})
	w.chainsOf("a-b c")
	begun, letGo := make(chan string), make(chan error)
	w.replace["validate_delete"] = steps.Step{Run: block(begun, letGo)}
	w.start()
	done := make(chan api.PruneReport)
	go func() {
		report, err := w.Prune(context.Background(), api.PruneRequest{})
		if err != nil {
			t.Error(err)
		}
		done <- report
	}()
	<-begun
	_, err := w.Prune(t.Context(), api.PruneRequest{})
	refusal(t, err, api.Conflict, "backups are just being pruned")
	// The daemon stops: what has begun goes on with the next one.
	w.Stop()
	report := <-done
	if c := report.Chains[0]; c.Deleted != 0 || !strings.Contains(c.Problem, "is not over yet: run this again when it is") {
		t.Errorf("%+v", c)
	}
	delete(w.replace, "validate_delete")
	w.start()
	w.eventually("the chain is gone", func() bool {
		if _, err := w.Prune(t.Context(), api.PruneRequest{}); err != nil {
			t.Fatal(err)
		}
		return w.names(w.host.Store.BackupDir) == "c"
	})
}
