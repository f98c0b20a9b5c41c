package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/machine/definition"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/testkit"
)

// TestAdoptsManyAtOnce leaves a hundred operations with their programs at
// work, as a daemon that was killed does, and gives the next daemon a second
// to adopt them all. It measures, so it does not run beside other tests.
func TestAdoptsManyAtOnce(t *testing.T) {
	const many = 100
	w := newWorld(t, worldOptions{})
	ctx := w.ctx()
	store, err := persistence.Open(ctx, persistence.Options{StateDir: w.stateDir, Shared: w.database})
	if err != nil {
		t.Fatal(err)
	}
	host := steps.NewHost(steps.Settings{StateDir: w.stateDir, Supervisor: []string{w.program, "supervise"}}, store)
	g := w.newGate("gate")
	body := testkit.Program(t, w.dir+"/program", "#!/bin/sh\n"+g.wait()+"\n")
	var began sync.WaitGroup
	for i := range many {
		began.Go(func() { leaveAtWork(t, ctx, store, host, i, body) })
	}
	began.Wait()
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if t.Failed() {
		return
	}
	w.start()
	took := w.adoptionTime(many)
	t.Logf("%d operations adopted in %s", many, took)
	limit := time.Second
	if testkit.RaceDetector {
		// It makes the daemon several times slower.
		limit *= 3
	}
	if took > limit {
		t.Errorf("%d operations were adopted in %s, wanted %s at most", many, took, limit)
	}
	g.open(t)
	// None of these programs is a backup tool, so each operation now fails.
	w.eventually("all operations end", func() bool {
		list, err := w.client.Operations(ctx, api.OperationFilter{Limit: many, State: "running"})
		return err == nil && len(list) == 0
	})
}

// leaveAtWork does what a daemon does up to a program at work in copy.
func leaveAtWork(t *testing.T, ctx context.Context, store *persistence.Store, host *steps.Host, i int, program string) {
	text, err := definition.Source("full_backup")
	if err != nil {
		t.Error(err)
		return
	}
	id := fmt.Sprintf("b%d", i)
	args, err := json.Marshal(steps.Args{ID: id})
	if err != nil {
		t.Error(err)
		return
	}
	o := persistence.Operation{ID: fmt.Sprintf("00000000-0000-0000-0000-%012d", i), Machine: "full_backup",
		Definition: text, BackupID: id, Args: args, State: "copy", Status: persistence.Running,
		Seq: 1, Attempt: 1, Data: []byte(`{"tool":{"name":"program"}}`), CreatedAt: time.Now()}
	row := persistence.Process{CommandID: o.ID, Command: program, StartTime: time.Now(), Type: persistence.TypeBackup, Args: args}
	claims := []persistence.Claim{{BackupID: id, Use: persistence.Makes}}
	if err := store.Accept(ctx, persistence.Acceptance{Operation: o, Claims: claims, First: row})[0]; err != nil {
		t.Error(err)
		return
	}
	begun, err := store.BeginJob(ctx, o,
		persistence.Job{OperationID: o.ID, State: o.State, Attempt: 1, Folder: host.Jobs.Folder(o.ID, 1)}, row)
	if err == nil {
		err = host.Jobs.Create(begun.Folder, job.Spec{Path: program, Dir: "/", Output: "/tmp", Grace: time.Second})
	}
	if err != nil {
		t.Error(err)
		return
	}
	running, err := host.Jobs.Launch(begun.Folder, nil)
	if err != nil {
		t.Error(err)
		return
	}
	defer running.Close()
	begun.PID, begun.StartTicks, begun.BootID = running.Identity.PID, running.Identity.StartTicks, running.Identity.BootID
	if err := store.IdentifyJob(ctx, begun); err != nil {
		t.Error(err)
	}
	if pid, err := running.Release(ctx, ""); err != nil || pid == 0 {
		t.Errorf("program %d: pid %d, %v", i, pid, err)
	}
}

// adoptionTime returns the time between the first and the last adoption.
func (w *world) adoptionTime(many int) time.Duration {
	w.t.Helper()
	var n int
	var first, last string
	db := w.ledger()
	w.eventually("every operation is adopted", func() bool {
		err := db.QueryRow(`SELECT count(*), coalesce(min(at || ''), ''), coalesce(max(at || ''), '')
			FROM operation_transition WHERE event = 'adopt'`).Scan(&n, &first, &last)
		if err != nil {
			w.t.Fatal(err)
		}
		return n == many
	})
	const format = "2006-01-02 15:04:05.000000-07:00"
	from, err := time.Parse(format, first)
	if err != nil {
		w.t.Fatal(err)
	}
	to, err := time.Parse(format, last)
	if err != nil {
		w.t.Fatal(err)
	}
	return to.Sub(from)
}
