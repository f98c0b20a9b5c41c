package machine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/machine/catalogue"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
)

// stored puts a backup with its manifest into the store, without a record.
func (w *world) stored(id, from string) store.Manifest {
	w.t.Helper()
	m := store.Manifest{ID: id, ParentID: from, Operation: "made-" + id, StartTime: time.Now().UTC(), EndTime: time.Now().UTC(), Size: 7}
	if from != "" {
		m.ParentOperation = "made-" + from
	}
	w.manifest(m)
	return m
}

// rebuilds demands what a rebuild does and leaves to a person.
func (w *world) rebuilds(prune bool, want string) api.RebuildReport {
	w.t.Helper()
	report, err := w.Manager.Rebuild(w.t.Context(), api.RebuildRequest{Prune: prune})
	if err != nil {
		w.t.Fatal(err)
	}
	var words []string
	for _, f := range report.Findings {
		words = append(words, fmt.Sprintf("%s:%s:%s", f.Name, f.Found, f.Done))
	}
	if got := strings.Join(words, ", "); got != want {
		w.t.Errorf("got  %s\nwant %s", got, want)
	}
	return report
}

func TestRebuildRecordsWhatIsInTheStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	if report := w.rebuilds(true, ""); report.Recorded != 0 {
		t.Errorf("an empty store: %+v", report)
	}
	w.stored("b", "a")
	full := w.stored("a", "")
	w.write(filepath.Join(w.host.Store.BackupDir, "holiday", "beach.jpg"), "")
	report := w.rebuilds(false, "a:no record:recorded, b:no record:recorded, holiday:no manifest:")
	if report.Recorded != 2 || !strings.HasPrefix(report.Findings[1].Advice, "incremental on 'a' of 20") {
		t.Errorf("%+v", report)
	}
	b, err := w.Backup(t.Context(), "a")
	if err != nil || !b.StartTime.Equal(full.StartTime.Truncate(time.Microsecond)) || *b.Size != 7 || b.EndTime == nil {
		t.Errorf("%+v, %v", b, err)
	}
	rows, err := w.Processes(t.Context(), "made-b")
	if err != nil || len(rows) != 1 || rows[0].Status != "success" || !strings.Contains(rows[0].Command, "rebuild") ||
		string(rows[0].Args) != `{"id":"b","from_backup_id":"a"}` ||
		!strings.Contains(rows[0].Output, "recovered from its dbcalm.json") || rows[0].EndTime == nil {
		t.Errorf("%+v, %v", rows, err)
	}
	w.rebuilds(true, "holiday:no manifest:")
	if _, err := os.Stat(filepath.Join(w.host.Store.BackupDir, "holiday", "beach.jpg")); err != nil {
		t.Error(err)
	}
}

// The ledger tells what it has made itself from what others have put into the
// store, by the manifest's SHA-256, and a recorded manifest from a changed one.
func TestRebuildTellsStrangers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.stored("ours", "")
	manifest := filepath.Join(w.host.Store.Folder("ours"), store.ManifestName)
	text, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	w.record(persistence.Backup{ID: "ours", StartTime: time.Now().UTC(), ManifestSHA256: store.ManifestSum(text)})
	w.exec(w.outsider(), `DELETE FROM backup`)
	w.stored("theirs", "")
	report := w.rebuilds(false, "ours:no record:recorded, theirs:no record:recorded")
	for i, stranger := range []bool{false, true} {
		f := report.Findings[i]
		if f.NotMadeHere != stranger || strings.Contains(f.Advice, "it was not made here, as far as the ledger knows: verify it") != stranger {
			t.Errorf("%+v", f)
		}
	}
	w.rebuilds(false, "")
	w.write(manifest, string(text)+" ")
	if err := os.Remove(filepath.Join(w.host.Store.Folder("theirs"), store.ManifestName)); err != nil {
		t.Fatal(err)
	}
	report = w.rebuilds(false, "ours:damaged:, theirs:damaged:")
	if !strings.Contains(report.Findings[0].Advice, "its dbcalm.json is not the one that was recorded") ||
		!strings.Contains(report.Findings[1].Advice, "its dbcalm.json is missing: bring it back") {
		t.Errorf("%+v", report)
	}
}

func TestRebuildPrunesRecordsWithoutFolders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, link := range [][2]string{{"full", ""}, {"inc", "full"}, {"kept", ""}} {
		w.backup(link[0], link[1], 0, 0)
	}
	w.start()
	away := w.host.Store.BackupDir + "-away"
	if err := os.Rename(w.host.Store.BackupDir, away); err != nil {
		t.Fatal(err)
	}
	_, err := w.Manager.Rebuild(t.Context(), api.RebuildRequest{})
	refusal(t, err, api.Unavailable, "read backup_dir: ", "check that its disk is mounted; nothing was changed")
	if err := os.Mkdir(w.host.Store.BackupDir, 0o750); err != nil {
		t.Fatal(err)
	}
	_, err = w.Manager.Rebuild(t.Context(), api.RebuildRequest{Prune: true})
	refusal(t, err, api.Unavailable, "not one of the backups that are recorded (3) is in backup_dir "+w.host.Store.BackupDir+
		": mount its disk; nothing was changed")
	if list, err := w.Store.Backups(t.Context()); err != nil || len(list) != 3 {
		t.Fatalf("the empty mount point cost us records: %+v, %v", list, err)
	}
	w.rebuilds(false, "inc:no folder:, full:no folder:, kept:no folder:")
	if err := os.Remove(w.host.Store.BackupDir); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(away, w.host.Store.BackupDir); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(w.host.Store.Folder("full")); err != nil {
		t.Fatal(err)
	}
	w.rebuilds(true, "full:no folder:")
	if err := os.RemoveAll(w.host.Store.Folder("inc")); err != nil {
		t.Fatal(err)
	}
	if report := w.rebuilds(true, "inc:no folder:record removed, full:no folder:record removed"); report.Recorded != 1 {
		t.Errorf("%+v", report)
	}
	w.rebuilds(true, "")
}

// vanishing takes a folder away before it has a change made.
type vanishing struct {
	catalogue.Operator
	folder string
}

func (v vanishing) Quietly(change func(atWork func(o persistence.Operation) bool, stopping bool) error) error {
	if err := os.RemoveAll(v.folder); err != nil {
		return err
	}
	return v.Operator.Quietly(change)
}

// The disk goes away after the store was looked at.
func TestStoreThatVanishesDuringARebuild(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.backup("full", "", 0, 0)
	w.backup("gone", "", 0, 0)
	w.start()
	if err := os.RemoveAll(w.host.Store.Folder("gone")); err != nil {
		t.Fatal(err)
	}
	_, err := w.backups.Rebuild(t.Context(), api.RebuildRequest{Prune: true}, vanishing{w.Manager.engine, w.host.Store.Folder("full")})
	refusal(t, err, api.Unavailable, "nothing was changed")
	for _, id := range []string{"full", "gone"} {
		if _, err := w.Backup(t.Context(), id); err != nil {
			t.Error(err)
		}
	}
}

func TestRebuildLeavesOpenOperationsAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	begun, letGo := make(chan string), make(chan error)
	w.replace["validate_backup"] = steps.Step{Run: block(begun, nil)}
	erase := w.host.Steps()["erase_backup"].Run
	w.replace["erase_backup"] = steps.Step{Run: func(ctx context.Context, t steps.Task) (steps.Outcome, error) {
		if out, err := block(begun, letGo)(ctx, t); err != nil {
			return out, err
		}
		return erase(ctx, t)
	}}
	w.backup("other", "", 0, 0)
	w.backup("dying", "", 0, 0)
	w.start()
	making := w.accepted(w.accept(t.Context(), order{command: "full_backup"}, "new", api.Args{ID: "new"},
		[]persistence.Claim{{BackupID: "new", Use: persistence.Makes}}, nil))
	<-begun
	// Published, and not yet recorded.
	w.stored("new", "")
	w.stored("on-new", "new")
	w.write(filepath.Join(w.host.Store.BackupDir, ".partial", making+"-1", "ibdata1"), "")
	deleted := make(chan error)
	go func() { deleted <- w.DeleteBackup(t.Context(), api.DeleteRequest{ID: "dying"}) }()
	<-begun
	if !w.host.Store.Gone("dying") {
		t.Error("the folder is still in the store")
	}
	w.rebuilds(true, "")
	if _, err := w.Backup(t.Context(), "dying"); err != nil {
		t.Errorf("the record went before the deletion was over: %v", err)
	}
	letGo <- nil
	if err := <-deleted; err != nil {
		t.Error(err)
	}
	if err := w.Cancel(t.Context(), making); err != nil {
		t.Fatal(err)
	}
	w.ends(making, persistence.Cancelled)
	w.rebuilds(true, "new:no record:recorded, on-new:no record:recorded")
}

func TestRebuildRemovesLeftovers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.backup("full", "", 0, 0)
	w.replace["erase_backup"] = steps.Step{Run: func(context.Context, steps.Task) (steps.Outcome, error) { return steps.Outcome{}, errLuck }}
	w.start()
	err := w.DeleteBackup(t.Context(), api.DeleteRequest{ID: "full"})
	refusal(t, err, api.Internal, "no luck today")
	w.backup("other", "", 0, 0)
	list, err := w.Manager.Operations(t.Context(), api.OperationFilter{State: "halted"})
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	halted := ".partial/" + list[0].ID + "-1"
	unknown := filepath.Join(w.host.Store.BackupDir, ".partial", "of-nobody-1")
	w.write(filepath.Join(unknown, "ibdata1"), "")
	sealed := filepath.Join(w.host.Store.BackupDir, ".partial", "sealed-1")
	w.write(filepath.Join(sealed, store.ManifestName), `{"format":1,"id":"sealed"}`)
	want := "full:no folder:%[1]s, " + halted + ":leftover:%[2]s, .partial/of-nobody-1:leftover:%[2]s, .partial/sealed-1:leftover:"
	report := w.rebuilds(false, fmt.Sprintf(want, "", ""))
	for i, says := range []string{"its folder ",
		"work of operation " + list[0].ID + ", which ended as halted and goes on by dbcalm-db-cmd operations retry " + list[0].ID,
		"work of an operation that is not known: dbcalm-db-cmd backups rebuild --prune removes it",
		sealed + " may be a whole backup: to keep it"} {
		if !strings.Contains(report.Findings[i].Advice, says) {
			t.Errorf("finding %+v does not say %q", report.Findings[i], says)
		}
	}
	w.rebuilds(true, fmt.Sprintf(want, api.DoneUnrecorded, api.DoneRemoved))
	w.rebuilds(true, ".partial/sealed-1:leftover:")
	if err := os.Rename(sealed, w.host.Store.Folder("sealed")); err != nil {
		t.Fatal(err)
	}
	w.rebuilds(true, "sealed:no record:recorded")
	if left := w.names(w.host.Store.BackupDir); left != ".partial other sealed" {
		t.Errorf("the store holds %s", left)
	}
}

// early looks whether an operation is at work before anybody retries it.
type early struct{ catalogue.Operator }

func (early) AtWork(persistence.Operation) bool { return false }

// A retry reopens an operation just when its work is about to be removed.
func TestLeftoverOfARetriedOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.backup("full", "", 0, 0)
	w.backup("other", "", 0, 0)
	begun, letGo := make(chan string), make(chan error)
	w.replace["erase_backup"] = steps.Step{Run: block(begun, letGo)}
	w.start()
	go func() { _ = w.DeleteBackup(t.Context(), api.DeleteRequest{ID: "full"}) }()
	id := <-begun
	report, err := w.backups.Rebuild(t.Context(), api.RebuildRequest{Prune: true}, early{w.Manager.engine})
	if err != nil || len(report.Findings) != 0 {
		t.Errorf("%+v, %v", report, err)
	}
	if list, err := w.host.Store.Leftovers(); err != nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	letGo <- nil
	w.ends(id, persistence.Succeeded)
}

func TestRebuildWhileTheDatabaseIsLocked(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.start()
	w.stored("a", "")
	other := w.outsider()
	w.exec(other, `BEGIN IMMEDIATE`)
	_, err := w.Manager.Rebuild(t.Context(), api.RebuildRequest{})
	refusal(t, err, api.Unavailable, "another program holds a lock on it")
	w.exec(other, `ROLLBACK`)
	w.rebuilds(false, "a:no record:recorded")
}

// Whoever was told that an operation failed is not told otherwise.
func TestRebuildOfWhatAnOperationGaveUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.replace["validate_backup"] = steps.Step{
		Run: func(context.Context, steps.Task) (steps.Outcome, error) { return steps.Outcome{}, errLuck }}
	w.replace["discard_backup"] = w.replace["validate_backup"]
	w.start()
	id := w.accepted(w.accept(t.Context(), order{command: "full_backup"}, "a", api.Args{ID: "a"},
		[]persistence.Claim{{BackupID: "a", Use: persistence.Makes}}, nil))
	w.ends(id, persistence.Failed)
	w.manifest(store.Manifest{ID: "a", Operation: id, StartTime: time.Now().UTC()})
	w.manifest(store.Manifest{ID: "b", StartTime: time.Now().UTC()})
	w.rebuilds(false, "a:no record:recorded, b:no record:recorded")
	rows, err := w.Processes(t.Context(), id)
	if err != nil || len(rows) != 1 || rows[0].Status != "failed" {
		t.Errorf("%+v, %v", rows, err)
	}
	if rows, err := w.Processes(t.Context(), ""); err != nil || len(rows) != 0 {
		t.Errorf("a run of nobody: %+v, %v", rows, err)
	}
	w.settledDown(id)
	_, err = w.Retry(t.Context(), id)
	refusal(t, err, api.Conflict, "Backup with id 'a' already exists")
}
