package e2e

import (
	"fmt"
	"slices"
	"testing"

	"dbcalm-db-cmd/machine/api"
)

// TestQueue lets five backups wait for one and for two places, held back in
// the tool: at most so many run, the others are waiting and visible, and they
// are begun in the order in which they were accepted.
func TestQueue(t *testing.T) {
	t.Parallel()
	for places := 1; places <= 2; places++ {
		t.Run(fmt.Sprint(places), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, worldOptions{config: map[string]string{"max_concurrent": fmt.Sprint(places)}})
			hold := w.newGate("tool")
			w.useTool(hold.wait())
			w.start()
			var operations []string
			for i := range 5 {
				operations = append(operations, w.full(fmt.Sprintf("b%d", i)))
			}
			w.eventually("the places are taken", func() bool {
				return w.show(operations[places-1]).State == "copy" && w.show(operations[0]).State == "copy"
			})
			for i, id := range operations {
				want := "running"
				if i >= places {
					want = "waiting"
				}
				v := w.show(id)
				if v.Status != want || want == "waiting" && (v.State != "queued" || !v.Cancellable || v.StartedAt != nil) {
					t.Errorf("number %d is %s in %s", i, v.Status, v.State)
				}
				// Other programs know no waiting.
				if status, _, _ := w.newest(w.sqlite(), id); status != "running" {
					t.Errorf("clients are told that number %d is %s", i, status)
				}
			}
			waiting, err := w.client.Operations(w.ctx(), api.OperationFilter{State: "waiting"})
			if err != nil || len(waiting) != 5-places {
				t.Errorf("%d are listed as waiting, %v", len(waiting), err)
			}
			// Deleting needs no place, and one that waits can be cancelled.
			refused(t, w.client.DeleteBackup(w.ctx(), api.DeleteRequest{ID: "b4"}), 404)
			if err := w.client.Cancel(w.ctx(), operations[3]); err != nil {
				t.Error(err)
			}
			if v := w.ended(operations[3]); v.Status != "cancelled" {
				t.Errorf("cancelled while it waited, it is %s", v.Status)
			}
			hold.open(t)
			var begun []api.OperationView
			for i, id := range operations {
				if i != 3 {
					begun = append(begun, w.succeeded(id))
				}
			}
			if !slices.IsSortedFunc(begun, func(a, b api.OperationView) int { return a.StartedAt.Compare(*b.StartedAt) }) {
				t.Error("they were not begun in the order of their acceptance")
			}
			for i, v := range begun {
				beside := 0
				for _, other := range begun {
					if !other.StartedAt.After(*v.StartedAt) && other.FinishedAt.After(*v.StartedAt) {
						beside++
					}
				}
				if beside > places {
					t.Errorf("%d ran at once when number %d began", beside, i)
				}
			}
		})
	}
}

// TestQueueOutlivesDaemon accepts, ends the daemon while a tool works, and lets
// the next one carry all on in order.
func TestQueueOutlivesDaemon(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	hold := w.newGate("tool")
	w.useTool(hold.wait())
	w.start()
	first, second, third := w.full("first"), w.full("second"), w.full("third")
	w.eventually("the tool works", hold.reached)
	w.stop()
	hold.open(t)
	w.start()
	a, b, c := w.succeeded(first), w.succeeded(second), w.succeeded(third)
	if a.Attempt != 1 {
		t.Errorf("what the tool did was thrown away:\n%s", w.story(a))
	}
	if !a.StartedAt.Before(*b.StartedAt) || !b.StartedAt.Before(*c.StartedAt) {
		t.Error("they were not begun in the order of their acceptance")
	}
}

// TestCancelWhileToolWorks leaves nothing of a backup and of a restore.
func TestCancelWhileToolWorks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	copying, preparing := w.newGate("copy"), w.newGate("prepare")
	w.useTool(`case $doing in backup) ` + copying.wait() + ` ;; prepare) ` + preparing.wait() + ` ;; esac`)
	w.start()
	first := w.full("first")
	w.eventually("the tool copies", copying.reached)
	cancelled := func(id string) {
		t.Helper()
		if err := w.client.Cancel(w.ctx(), id); err != nil {
			t.Fatal(err)
		}
		if v := w.ended(id); v.Status != "cancelled" || v.Error != "cancelled as requested" {
			t.Errorf("%s: %s\n%s", v.Status, v.Error, w.story(v))
		}
		if status, failure, _ := w.newest(w.sqlite(), id); status != "failed" || failure != "cancelled as requested" {
			t.Errorf("clients are told %s: %s", status, failure)
		}
	}
	cancelled(first)
	if left := entries(t, w.backupDir); len(left) > 0 {
		t.Errorf("left in the store: %v", left)
	}
	copying.open(t)
	w.succeeded(w.full("first"))
	w.db.Stop()
	w.loseData()
	before := tree(t, w.db.DataDir)
	restore := w.restore(api.TargetDatabase, "first")
	w.eventually("the tool prepares", preparing.reached)
	cancelled(restore)
	unchanged(t, w.db.DataDir, before)
	if err := w.client.Cancel(w.ctx(), restore); err != nil {
		t.Errorf("cancelled twice: %v", err)
	}
}
