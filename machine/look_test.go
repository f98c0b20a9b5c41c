package machine

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/testkit"
)

func TestOperationsAreListed(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.backup("a", "", 0, 100)
	w.start()
	first := w.restore("a")
	w.ends(first, persistence.Succeeded)
	w.backup("b", "", 0, 100)
	for _, test := range []struct {
		filter api.OperationFilter
		want   string
	}{
		{api.OperationFilter{}, "made-b " + first + " made-a"},
		{api.OperationFilter{Limit: 2}, "made-b " + first},
		{api.OperationFilter{State: "done"}, "made-b " + first + " made-a"},
		{api.OperationFilter{State: "failed"}, ""},
	} {
		list, err := w.Manager.Operations(t.Context(), test.filter)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, o := range list {
			ids = append(ids, o.ID)
		}
		if got := strings.Join(ids, " "); got != test.want || list == nil {
			t.Errorf("%+v lists %s, want %s", test.filter, got, test.want)
		}
	}
	_, err := w.Manager.Operation(t.Context(), "nonsense")
	refusal(t, err, api.NotFound, "Operation with id 'nonsense' not found")
}

func TestOperationIsShown(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.start()
	id := w.restore("full")
	v := w.ends(id, persistence.Succeeded)
	if v.ID != id || v.Machine != "restore_folder" || v.Backup != "full" || v.State != "done" || v.Attempt != 1 || v.Cancellable ||
		v.StartedAt == nil || v.CreatedAt.After(*v.StartedAt) || v.StartedAt.After(*v.FinishedAt) {
		t.Errorf("summary: %+v", v.OperationSummary)
	}
	want := api.Args{IDList: []string{"full"}, Target: "folder", TmpDir: v.Args.TmpDir}
	if !reflect.DeepEqual(v.Args, want) || filepath.Dir(v.Args.TmpDir) != filepath.Join(w.host.Store.BackupDir, "restores") {
		t.Errorf("args: %+v", v.Args)
	}
}

// The machine of an operation that ended long ago may have had steps that this
// program no longer knows.
func TestOperationOfAForgottenMachineIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := persistence.Operation{ID: "old", Machine: "melt_tapes", Definition: "name: melt_tapes\n", State: "heat", Status: persistence.Waiting,
		Seq: 1, Attempt: 1, Args: []byte("{}"), Data: []byte("{}"), CreatedAt: time.Now().UTC()}
	w.accepts(o, "")
	if _, err := w.Apply(t.Context(), persistence.Change{OperationID: "old", Seq: 1, From: "heat", Event: "ok", To: "molten", At: o.CreatedAt,
		Status: persistence.Succeeded, Attempt: 1, Data: o.Data}); err != nil {
		t.Fatal(err)
	}
	w.start()
	if v := w.show("old"); v.Machine != "melt_tapes" || v.State != "molten" || v.Status != "succeeded" || v.Cancellable {
		t.Errorf("shown as %+v", v)
	}
}

func TestBackupsAreListedWithWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	if list, err := w.Manager.Backups(t.Context()); err != nil || list == nil || len(list) != 0 {
		t.Errorf("an empty store lists %v, %v", list, err)
	}
	w.backup("full", "", 0, 100)
	w.backup("inc", "full", 100, 250)
	w.record(persistence.Backup{ID: "lost", StartTime: time.Now().UTC()})
	list, err := w.Manager.Backups(t.Context())
	if err != nil || len(list) != 3 {
		t.Fatalf("%v, %v", list, err)
	}
	if b := list[1]; b.ID != "inc" || b.FromBackupID != "full" || b.FromLSN != 100 || b.ToLSN != 250 || b.Problem != "" {
		t.Errorf("an incremental: %+v", b)
	}
	if b := list[2]; b.ID != "lost" || !strings.Contains(b.Problem, "its folder "+w.host.Store.Folder("lost")+" is missing") {
		t.Errorf("one without a folder: %+v", b)
	}
}

// Who asks all the time must not slow down what is asked about.
func TestProgressThatTakesLongIsLookedAtSeldom(t *testing.T) {
	t.Parallel()
	for took, want := range map[time.Duration]time.Duration{0: 200 * time.Millisecond, 300 * time.Millisecond: 6 * time.Second} {
		if got := progressAge(took); got != want {
			t.Errorf("after %s: told for %s, want %s", took, got, want)
		}
	}
}
