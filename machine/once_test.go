package machine

import (
	"context"
	"testing"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/testkit"
)

func TestRequestSentAgain(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.backup("other", "", 0, 100)
	w.closeGate()
	w.start()
	restore := api.RestoreRequest{IDList: []string{"full"}, Target: api.TargetFolder, RequestID: "r1"}
	first := w.accepted(w.RestoreBackup(t.Context(), restore))
	again := func(when string) {
		t.Helper()
		if id := w.accepted(w.RestoreBackup(t.Context(), restore)); id != first {
			t.Errorf("%s: answered with %s, want %s", when, id, first)
		}
	}
	again("at once")
	w.works(first, "prepare")
	again("while it runs")
	w.start()
	again("after a restart")
	w.pass("ok")
	w.ends(first, persistence.Succeeded)
	again("when it has ended")
	if err := w.DeleteBackup(t.Context(), api.DeleteRequest{ID: "full"}); err != nil {
		t.Fatal(err)
	}
	again("when the backup is gone")

	for _, r := range []api.RestoreRequest{
		{IDList: []string{"other"}, Target: api.TargetFolder, RequestID: "r1"},
		{IDList: []string{"full"}, Target: api.TargetDatabase, RequestID: "r1"},
	} {
		_, err := w.RestoreBackup(t.Context(), r)
		refusal(t, err, api.Conflict, `request_id 'r1' was used before, for restore_backup {"id_list":["full"],"target":"folder"}, `+
			`which began operation `+first+`: give another request a new request_id`)
	}
	_, err := w.FullBackup(t.Context(), api.BackupRequest{ID: "full", RequestID: "r1"})
	refusal(t, err, api.Conflict, "request_id 'r1' was used before")
}

func TestRefusedRequestIsNotRemembered(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.start()
	restore := api.RestoreRequest{IDList: []string{"late"}, Target: api.TargetFolder, RequestID: "r"}
	_, err := w.RestoreBackup(t.Context(), restore)
	refusal(t, err, api.NotFound, "Backup with id 'late' not found")
	_, err = w.FullBackup(t.Context(), api.BackupRequest{ID: "b", RequestID: "r"})
	refusal(t, err, api.Unavailable, "credentials file not found")
	_, err = w.IncrementalBackup(t.Context(), api.BackupRequest{ID: "b", FromBackupID: "late", RequestID: "r"})
	refusal(t, err, api.NotFound, "Base backup with id 'late' not found")
	refusal(t, w.DeleteBackup(t.Context(), api.DeleteRequest{ID: "late", RequestID: "r"}), api.NotFound, "Backup with id 'late' not found")
	w.backup("late", "", 0, 100)
	w.ends(w.accepted(w.RestoreBackup(t.Context(), restore)), persistence.Succeeded)
}

func TestDeletionSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.backup("other", "", 0, 100)
	luck := errLuck
	w.replace["retire_backup"] = steps.Step{Run: func(context.Context, steps.Task) (steps.Outcome, error) { return steps.Outcome{}, luck }}
	w.start()
	failing := api.DeleteRequest{ID: "other", RequestID: "r0"}
	for range 2 {
		refusal(t, w.DeleteBackup(t.Context(), failing), api.Internal, "backup 'other' was not deleted: no luck today")
	}
	delete(w.replace, "retire_backup")
	w.start()
	request := api.DeleteRequest{ID: "full", RequestID: "r1"}
	for range 3 {
		if err := w.DeleteBackup(t.Context(), request); err != nil {
			t.Errorf("deleted: %v", err)
		}
		w.start()
	}
	refusal(t, w.DeleteBackup(t.Context(), api.DeleteRequest{ID: "other", RequestID: "r1"}), api.Conflict,
		"request_id 'r1' was used before, for delete_backup {\"id\":\"full\"}")
	refusal(t, w.DeleteBackup(t.Context(), api.DeleteRequest{ID: "full"}), api.NotFound, "Backup with id 'full' not found")
	list, err := w.Manager.Operations(t.Context(), api.OperationFilter{})
	if err != nil {
		t.Fatal(err)
	}
	deletions := 0
	for _, o := range list {
		if o.Machine == "delete_backup" {
			deletions++
		}
	}
	if deletions != 2 {
		t.Errorf("%d deletions, want 2", deletions)
	}
}

// Many at once, each of which clashes with the one that is accepted: all are
// answered with that one.
func TestRequestSentManyTimesAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.start()
	results := make(chan error)
	for range 8 {
		go func() {
			results <- w.DeleteBackup(t.Context(), api.DeleteRequest{ID: "full", RequestID: "r"})
		}()
	}
	for range 8 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	deletions, err := w.Manager.Operations(t.Context(), api.OperationFilter{Limit: 1})
	if err != nil || deletions[0].Machine != "delete_backup" {
		t.Fatalf("%+v, %v", deletions, err)
	}
	all, err := w.Manager.Operations(t.Context(), api.OperationFilter{})
	if err != nil || len(all) != 2 {
		t.Errorf("%d operations, want the backup and one deletion: %v", len(all), err)
	}
}
