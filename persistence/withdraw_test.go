package persistence

import (
	"errors"
	"strings"
	"testing"

	"dbcalm-db-cmd/persistence/dbfile"
	"dbcalm-db-cmd/steps/testkit"
)

// TestRefusedOperationIsWithdrawnInTheEnd locks the ledger once an operation is
// in both files: that is told as a refusal, so nothing of it may stay.
func TestRefusedOperationIsWithdrawnInTheEnd(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	d := openNew(t)
	d.record("full", "")
	d.delivered()
	ledger := outsider(t, d.ledger.path)
	locked := false
	d.shared.reached = func(effect string) {
		if effect != "shared-written" || locked {
			return
		}
		ledger.SetMaxOpenConns(1)
		run(t, ledger, `PRAGMA busy_timeout = 20000`)
		run(t, ledger, `BEGIN IMMEDIATE`)
		locked = true
	}
	o := operation("op")
	err := offer(t.Context(), d.Store, o, nil, Claim{BackupID: "new", Use: Makes})
	if err == nil || !strings.Contains(err.Error(), "is removed as soon as that can be written") {
		t.Fatalf("accepted while the ledger was locked: %v", err)
	}
	next := operation("next")
	var trouble *dbfile.Error
	if err := offer(t.Context(), d.Store, next, nil); !errors.As(err, &trouble) {
		t.Errorf("the next one is refused with %v", err)
	}
	run(t, ledger, `ROLLBACK`)
	eventually(t, "nothing of the operation is left", func() bool {
		return read(t, ledger, `SELECT count(*) FROM operation WHERE id = 'op'`) == "0" &&
			read(t, ledger, `SELECT count(*) FROM operation_claim WHERE backup_id = 'new'`) == "0"
	})
	d.delivered()
	same(t, "rows", list(t, outsider(t, d.path), `SELECT command_id FROM process`), []string{"op-full"})
	d.accept(next)
}
