package main

import (
	"encoding/json"
	"reflect"
	"testing"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/samples"
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/testkit"
)

func samplePrune() api.PruneReport {
	return api.PruneReport{Retention: api.Retention{Full: 1, Days: 30}, Chains: []api.PrunedChain{
		{Chain: "full-1", Count: 3, Size: 3 << 30, Newest: samples.At(-40 * 86400), Goes: true, Why: "3 full backups newer " +
			"(full: 1); 40 days old (days: 30)", Backups: []string{"full-1", "inc-1", "inc-2"}, Deleted: 3},
		{Chain: "full-2", Count: 2, Size: 1 << 30, Newest: samples.At(-35 * 86400), Goes: true, Why: "2 full backups newer " +
			"(full: 1); 35 days old (days: 30)", Backups: []string{"full-2", "inc-3"}, Deleted: 1,
			Problem: "backup 'full-2' was not deleted: permission denied"},
		{Chain: "full-3", Count: 1, Size: 1 << 20, Newest: samples.At(-32 * 86400), Why: "in use: operation x reads 'full-3'"},
		{Chain: "full-4", Count: 1, Size: 1 << 20, Newest: samples.At(0), Why: "the newest good chain; 0 full backups newer " +
			"(full: 1); 0 days old (days: 30)"},
	}}
}

func TestBackupsPrune(t *testing.T) {
	t.Parallel()
	d := &fakeDaemon{pruned: samplePrune()}
	in := newInvocation(t, d)
	in.expect(t, exitFailed, "backups", "prune", "--socket", "/x")
	testkit.Golden(t, "backups/prune.txt", in.stdout.String())
	contains(t, "stderr", in.stderr.String(), "dbcalm-db-cmd: 1 chain not pruned as a whole\n")
	d.pruned.Chains[0].Deleted, d.pruned.Chains[1].Deleted, d.pruned.Chains[1].Problem = 0, 0, ""
	in = newInvocation(t, d)
	in.expect(t, exitOK, "backups", "prune", "--dry-run", "--socket", "/x")
	testkit.Golden(t, "backups/prune_dry.txt", in.stdout.String())
	in = newInvocation(t, d)
	in.expect(t, exitOK, "backups", "prune", "--dry-run", "--json", "--socket", "/x")
	var again api.PruneReport
	if err := json.Unmarshal(in.stdout.Bytes(), &again); err != nil || !reflect.DeepEqual(again, d.pruned) {
		t.Errorf("the JSON is not the report (%v):\n%s", err, &in.stdout)
	}
	if want := []any{api.PruneRequest{}, api.PruneRequest{DryRun: true},
		api.PruneRequest{DryRun: true}}; !reflect.DeepEqual(d.asked, want) {
		t.Errorf("asked %v", d.asked)
	}
}

func TestBackupsPruneWithNothingToDo(t *testing.T) {
	t.Parallel()
	d := &fakeDaemon{}
	in := newInvocation(t, d)
	in.expect(t, exitOK, "backups", "prune", "--socket", "/x")
	contains(t, "stdout", in.stdout.String(), "No retention is configured, so all backups are kept.", "retention: {full: 4, days: 30}\n")
	in = newInvocation(t, d)
	in.expect(t, exitOK, "backups", "prune", "--socket", "/x", "--json")
	contains(t, "stdout", in.stdout.String(), `"chains": []`)
	d.pruned.Retention.Full = 1
	in = newInvocation(t, d)
	in.expect(t, exitOK, "backups", "prune", "--socket", "/x")
	contains(t, "stdout", in.stdout.String(), "No backups yet.\n")
	d.err = refusal
	in = newInvocation(t, d)
	in.expect(t, exitRefused, "backups", "prune", "--socket", "/x")
	contains(t, "stderr", in.stderr.String(), "refused: ")
}
