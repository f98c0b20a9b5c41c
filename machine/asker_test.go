package machine

import (
	"os"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/testkit"
)

func TestAskerForPeople(t *testing.T) {
	t.Parallel()
	for want, asker := range map[string]api.Asker{
		"user 0": {},
		"alice (1001), process 4242, /usr/bin/python3": {UID: 1001, Name: "alice", PID: 4242, Program: "/usr/bin/python3"},
		`user 7, process 1, /tmp/\x1b[2J\n\u202e`:      {UID: 7, PID: 1, Program: "/tmp/\x1b[2J\n\u202e"},
	} {
		if got := asker.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// An operation knows for good who asked for it, and so does on_finish.
func TestOperationsRememberWhoAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, telling(`echo "$DBCALM_ASKED_BY" >asked.part; mv asked.part asked`))
	w.backup("full", "", 0, 100)
	w.start()
	alice := api.Asker{UID: 1001, Name: "alice", PID: 4242, Program: "/usr/bin/python3"}
	id := w.accepted(w.RestoreBackup(api.AskedBy(t.Context(), alice), api.RestoreRequest{IDList: []string{"full"}, Target: api.TargetFolder}))
	w.ends(id, persistence.Succeeded)
	if v, _ := w.told(1); v.AskedBy == nil || *v.AskedBy != alice {
		t.Errorf("on_finish is told of %+v", v.AskedBy)
	}
	w.settled()
	if text, err := os.ReadFile(filepath.Join(w.dir, "asked")); err != nil || string(text) != alice.String()+"\n" {
		t.Errorf("in its environment: %q, %v", text, err)
	}
	w.start()
	if v := w.show(id); v.AskedBy == nil || *v.AskedBy != alice {
		t.Errorf("asked by %+v", v.AskedBy)
	}
	list, err := w.Manager.Operations(t.Context(), api.OperationFilter{})
	if err != nil || len(list) != 2 || list[0].AskedBy == nil || *list[0].AskedBy != alice {
		t.Errorf("listed are %+v, %v", list, err)
	}
	// Nobody has asked for this one.
	id = w.restore("full")
	if v := w.ends(id, persistence.Succeeded); v.AskedBy != nil {
		t.Errorf("asked by %+v", v.AskedBy)
	}
	w.exec(w.ledger(), `UPDATE operation SET asked_by = '{'`)
	if v := w.show(id); v.AskedBy != nil {
		t.Errorf("of a broken row: %+v", v.AskedBy)
	}
}

// The queue has an end. What need not wait is accepted all the same, and so is
// more once there is room.
func TestTheQueueHasAnEnd(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.options.MaxWaiting = 2
	w.backup("full", "", 0, 100)
	w.backup("other", "", 0, 100)
	w.closeGate()
	w.start()
	running := w.restore("full")
	w.works(running, "prepare")
	first, second := w.restore("full"), w.restore("full")
	request := api.RestoreRequest{IDList: []string{"full"}, Target: api.TargetFolder}
	_, err := w.RestoreBackup(t.Context(), request)
	refusal(t, err, api.Unavailable,
		"2 operations are waiting already, as many as max_waiting allows: wait until they have run, cancel some, or raise max_waiting")
	if err := w.DeleteBackup(t.Context(), api.DeleteRequest{ID: "other"}); err != nil {
		t.Errorf("a deletion, which waits for nothing, is refused: %v", err)
	}
	if err := w.Cancel(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	w.ends(first, persistence.Cancelled)
	third := w.restore("full")
	for range 3 {
		w.pass("ok")
	}
	for _, id := range []string{running, second, third} {
		w.ends(id, persistence.Succeeded)
	}
}
