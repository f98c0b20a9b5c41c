package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"dbcalm-db-cmd/machine/api"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// atOnce sends the same request several times at the same moment and returns
// the answers.
func (w *world) atOnce(n int, request string) []string {
	answers := make([]string, n)
	ready := make(chan struct{})
	var clients sync.WaitGroup
	for i := range n {
		conn := connectTo(w.t, w.socket)
		clients.Go(func() {
			<-ready
			if _, err := conn.Write([]byte(request)); err != nil {
				answers[i] = err.Error()
				return
			}
			answer := make([]byte, 4096)
			n, err := conn.Read(answer)
			answers[i] = string(answer[:n])
			if err != nil {
				answers[i] = err.Error()
			}
		})
	}
	close(ready)
	clients.Wait()
	return answers
}

// TestSameIDAtOnce sends four identical requests at once, several times over:
// one is accepted, and its backup is whole.
func TestSameIDAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{config: map[string]string{"max_concurrent": "4"}})
	mariadbtest.FillTables(t, w.db.DB(), 3, 50)
	want := mariadbtest.Fingerprint(t, w.db.DB())
	w.start()
	var winners []string
	for round := range 3 {
		id := fmt.Sprintf("same-%d", round)
		var accepted []string
		for _, answer := range w.atOnce(4, `{"cmd":"full_backup","args":{"id":"`+id+`"}}`) {
			switch {
			case acceptedAnswer.MatchString(answer):
				accepted = append(accepted, operationOf(t, answer))
			case !strings.HasPrefix(answer, conflict+`Backup with id '`+id+`' already exists`):
				t.Errorf("neither accepted nor refused: %s", answer)
			}
		}
		if len(accepted) != 1 {
			t.Fatalf("%d of 4 requests for %s were accepted", len(accepted), id)
		}
		winners = append(winners, accepted[0])
	}
	for _, id := range winners {
		w.succeeded(id)
	}
	if there := entries(t, w.backupDir); len(there) != len(winners) {
		t.Errorf("the store holds %v", there)
	}
	v := w.succeeded(w.restore(api.TargetFolder, "same-0"))
	w.db.Stop()
	w.db.StartOn(filepath.Join(v.Args.TmpDir, "same-0"))
	w.holds(want)
}
