package main

import (
	"encoding/json"
	"reflect"
	"testing"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/testkit"
)

func sampleRebuild() api.RebuildReport {
	return api.RebuildReport{Recorded: 4, Findings: []api.Finding{
		{Name: "full-1", Found: api.FoundNoRecord, Done: api.DoneRecorded, Advice: "full backup of 2025-03-01 06:00:00Z"},
		{Name: "inc-1", Found: api.FoundNoRecord, Done: api.DoneRecorded, NotMadeHere: true,
			Advice: "incremental on 'full-1' of 2025-03-01 07:00:00Z; it was not made here, as far as the ledger knows: " +
				"verify it before you rely on it"},
		{Name: "holiday", Found: api.FoundNoManifest, Advice: "/b/holiday holds no dbcalm.json: a backup of an older " +
			"program, or none; it is left alone"},
		{Name: "bare", Found: api.FoundNoFolder, Done: api.DoneUnrecorded, Advice: "its folder /b/bare is missing"},
		{Name: ".partial/x-1", Found: api.FoundLeftover, Done: api.DoneRemoved, Advice: "work of operation x, which ended as failed"},
	}}
}

func TestBackupsRebuild(t *testing.T) {
	t.Parallel()
	d := &fakeDaemon{rebuilt: sampleRebuild()}
	in := newInvocation(t, d)
	in.expect(t, exitAttention, "backups", "rebuild", "--prune", "--socket", "/x")
	testkit.Golden(t, "backups/rebuild.txt", in.stdout.String())
	contains(t, "stderr", in.stderr.String(), "dbcalm-db-cmd: 1 finding left for you to decide on\n")
	in = newInvocation(t, d)
	in.expect(t, exitAttention, "backups", "rebuild", "--json", "--socket", "/x")
	var again api.RebuildReport
	if err := json.Unmarshal(in.stdout.Bytes(), &again); err != nil || !reflect.DeepEqual(again, d.rebuilt) {
		t.Errorf("the JSON is not the report (%v):\n%s", err, &in.stdout)
	}
	if want := []any{api.RebuildRequest{Prune: true}, api.RebuildRequest{}}; !reflect.DeepEqual(d.asked, want) {
		t.Errorf("asked %v", d.asked)
	}
}

func TestBackupsRebuildWithNothingToDo(t *testing.T) {
	t.Parallel()
	d := &fakeDaemon{rebuilt: api.RebuildReport{Recorded: 1}}
	in := newInvocation(t, d)
	in.expect(t, exitOK, "backups", "rebuild", "--socket", "/x")
	if got := in.stdout.String(); got != "Nothing to do: 1 backup recorded, and the store matches.\n" {
		t.Errorf("printed %q", got)
	}
	in = newInvocation(t, d)
	in.expect(t, exitOK, "backups", "rebuild", "--socket", "/x", "--json")
	contains(t, "stdout", in.stdout.String(), `"findings": []`)
	// What is all done needs nobody.
	d.rebuilt = sampleRebuild()
	d.rebuilt.Findings = d.rebuilt.Findings[:2]
	newInvocation(t, d).expect(t, exitOK, "backups", "rebuild", "--socket", "/x")
	d.err = refusal
	in = newInvocation(t, d)
	in.expect(t, exitRefused, "backups", "rebuild", "--socket", "/x")
	contains(t, "stderr", in.stderr.String(), "refused: ")
}
