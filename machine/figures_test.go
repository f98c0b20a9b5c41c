package machine

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
)

// recordAt puts a backup into the store that took a minute, from the given one
// of an hour on, and returns its end.
func (w *world) recordAt(id, from string, minute int) time.Time {
	w.t.Helper()
	start := time.Date(2026, 3, 4, 12, minute, 0, 0, time.UTC)
	end := start.Add(time.Minute)
	if from == "" {
		w.backup(id, from, 0, 100)
	} else {
		w.backup(id, from, 100, 100)
	}
	const format = "2006-01-02 15:04:05.000000-07:00"
	w.exec(w.ledger(), fmt.Sprintf(`UPDATE backup SET start_time = '%s', end_time = '%s', size = %d WHERE id = '%s'`,
		start.Format(format), end.Format(format), minute, id))
	return end
}

// verified notes verdicts, with the time at which they were found.
func (w *world) verified(at time.Time, verdicts ...persistence.Verdict) {
	w.t.Helper()
	o := persistence.Operation{ID: "made-by-" + at.String(), Machine: "restore_folder",
		Definition: w.source("restore_folder"), State: "queued", Status: persistence.Waiting, Seq: 1, Attempt: 1,
		Args: []byte("{}"), Data: []byte("{}"), CreatedAt: at}
	w.accepts(o, "")
	_, err := w.Apply(w.t.Context(), persistence.Change{OperationID: o.ID, Seq: 1, From: "queued", Event: "ok", To: "done", At: at,
		Status: persistence.Succeeded, Attempt: 1, Data: o.Data, Verdicts: verdicts})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) figures() api.Figures {
	w.t.Helper()
	f, err := w.Manager.Figures(w.t.Context(), []float64{60})
	if err != nil {
		w.t.Fatal(err)
	}
	return f
}

func TestFiguresOfBackups(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	if f := w.figures(); !reflect.DeepEqual(f.Backups, api.BackupFigures{}) || len(f.Ends) > 0 {
		t.Errorf("without a backup: %+v", f)
	}
	full := w.recordAt("full", "", 0)
	w.recordAt("inc", "full", 10)
	other := w.recordAt("other", "", 20)
	last := w.recordAt("last", "inc", 30)
	want := api.BackupFigures{
		Full: api.KindFigures{Count: 2, Ended: other, Size: 20}, Incremental: api.KindFigures{Count: 2, Ended: last, Size: 30},
		Good: last, Newest: &api.ChainFigures{},
	}
	expect := func(when string) {
		t.Helper()
		if f := w.figures(); !reflect.DeepEqual(f.Backups, want) {
			t.Errorf("%s:\n got %+v, %+v\nwant %+v, %+v", when, f.Backups, f.Backups.Newest, want, want.Newest)
		}
	}
	expect("unverified")

	at := func(minute int) time.Time { return full.Add(time.Duration(minute) * time.Minute) }
	w.verified(at(40), persistence.Verdict{BackupID: "full", Level: persistence.LevelBoot},
		persistence.Verdict{BackupID: "inc", Level: persistence.LevelPrepare})
	expect("two of three links verified")
	w.verified(at(50), persistence.Verdict{BackupID: "last", Level: persistence.LevelChecksum})
	want.Newest = &api.ChainFigures{Level: 2, Passed: at(40)}
	expect("all links verified")

	w.verified(at(60), persistence.Verdict{BackupID: "inc", Level: persistence.LevelChecksum, Damage: "a file is short"})
	want.Damaged, want.Good = 1, other
	expect("damaged in the middle of the chain")
	if err := os.RemoveAll(w.host.Store.Folder("other")); err != nil {
		t.Fatal(err)
	}
	want.Good = full
	expect("the folder of the next is gone")
	w.backup("short", "", 0, 100)
	w.write(filepath.Join(w.host.Store.Folder("short"), store.ManifestName),
		`{"format": 1, "id": "short", "files": [{"path": "shop/orders.ibd", "size": 1}]}`)
	f := w.figures().Backups
	if f.Good != full {
		t.Errorf("of files that are not as they were: %v is good", f.Good)
	}
	w.exec(w.outsider(), `DELETE FROM backup WHERE id = 'short'`)
	expect("the short one has no record")
	w.exec(w.outsider(), `DELETE FROM backup WHERE id = 'full'`)
	want.Full.Count, want.Good, want.Newest = 1, time.Time{}, &api.ChainFigures{}
	expect("the chain's first record is gone")

	// One of the same id is another backup, about which nothing is known.
	w.exec(w.outsider(), `DELETE FROM backup WHERE id = 'inc'`)
	w.exec(w.ledger(), `UPDATE operation SET id = 'earlier' WHERE id = 'made-inc'`)
	w.exec(w.ledger(), `UPDATE operation_transition SET operation_id = 'earlier' WHERE operation_id = 'made-inc'`)
	w.exec(w.ledger(), `UPDATE operation_end SET operation_id = 'earlier' WHERE operation_id = 'made-inc'`)
	again := w.recordAt("inc", "", 89)
	w.write(filepath.Join(w.host.Store.Folder("inc"), store.ManifestName), `{"format": 1, "id": "inc", "operation": "made-inc"}`)
	want.Full = api.KindFigures{Count: 2, Ended: again, Size: 89}
	want.Incremental.Count, want.Damaged, want.Good = 1, 0, again
	expect("a new backup of the same id")
}

func TestFiguresOfOperations(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.closeGate()
	w.start()
	id := w.restore("full")
	w.works(id, "prepare")
	w.start()
	w.eventually("it is adopted", func() bool { return len(w.figures().Survived) == 1 })
	f := w.figures()
	if !reflect.DeepEqual(f.Survived, []persistence.SurvivedFigure{{Machine: "restore_folder", Event: "adopt", Count: 1}}) ||
		!reflect.DeepEqual(f.Open, []persistence.OpenFigure{{Machine: "restore_folder", Status: persistence.Running, Count: 1}}) {
		t.Errorf("%+v", f)
	}
	states := f.Machines["restore_folder"]
	if !slices.Equal(states, []string{"validate", "stage", "unpack", "prepare", "apply", "replay", "arrange", "place", "record",
		"discard"}) {
		t.Errorf("states that can fail: %v", states)
	}
	w.pass("fail")
	w.ends(id, persistence.Failed)
	f = w.figures()
	if !slices.ContainsFunc(f.Ends, func(e persistence.EndFigure) bool { return e.Machine == "restore_folder" && e.FailedIn == "prepare" }) {
		t.Errorf("%+v", f.Ends)
	}
}
