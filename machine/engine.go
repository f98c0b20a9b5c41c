package machine

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"dbcalm-db-cmd/machine/definition"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/job"
)

// engine runs operations: it accepts and queues them, works on each that is
// under way in a goroutine of its own, and knows how far they are.
type engine struct {
	common
	registry    map[string]steps.Step
	definitions map[string]*definition.Definition
	// machines are those of them by what they are for.
	machines   map[order]*definition.Definition
	max        int
	maxWaiting int

	// base is the context of all work; ending it hands the work off.
	base    context.Context
	stop    context.CancelCauseFunc
	workers sync.WaitGroup

	// adopt finds the program of an earlier daemon.
	adopt func(folder string, id job.Identity) (*job.Running, error)

	mu sync.Mutex
	// queue holds the waiting operations in order.
	queue []*run
	// running holds the operations under way by id.
	running map[string]*run

	// gauges are those of the operations under way, by id. Whoever looks at one does
	// not wait for mu: while that is held, what others begin or end becomes durable.
	gauges sync.Map
	// stored are the definitions that operations began with.
	stored *definition.Stored

	// applicants are to be accepted.
	applicants applicants

	// owed holds a token while an on_finish command may be owed.
	owed chan struct{}
}

// run is an operation that this daemon works on.
type run struct {
	id         string
	definition *definition.Definition
	// launched is when its turn came.
	launched time.Time
	gauge    gauge
	// interrupt ends the step that is under way; nil between steps.
	interrupt context.CancelCauseFunc
	// ended is closed when this daemon works on it no more.
	ended chan struct{}
}

// newEngine returns an engine for the definitions there are, or everything that
// is wrong with them.
func newEngine(all common, options Options) (*engine, error) {
	registry := all.host.Steps()
	definitions, err := definition.LoadAll(registry)
	if err != nil {
		return nil, err
	}
	machines, err := assign(definitions)
	if err != nil {
		return nil, err
	}
	e := &engine{common: all, registry: registry, definitions: definitions, machines: machines,
		max: max(1, options.MaxConcurrent), maxWaiting: cmp.Or(options.MaxWaiting, defaultMaxWaiting),
		running: map[string]*run{}, stored: definition.NewStored(registry),
		applicants: applicants{turn: make(chan struct{}, 1)},
		owed:       make(chan struct{}, 1), adopt: job.Adopt,
	}
	e.base, e.stop = context.WithCancelCause(context.Background())
	return e, nil
}

// carryOn carries on the operations an earlier daemon left open. It returns
// when each of them is under way or queued again.
func (e *engine) carryOn(ctx context.Context) error {
	open, err := e.store.OpenOperations(ctx)
	if err != nil {
		return err
	}
	if err := e.sweepJobs(ctx, open); err != nil {
		return err
	}
	if err := e.startOnFinish(ctx); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, o := range open {
		r, err := e.newRun(o)
		if err == nil {
			err = readable(o, r.definition)
		}
		if err != nil {
			e.giveUp(ctx, o, err)
			continue
		}
		if o.Status == persistence.Waiting && o.CancelAt == nil {
			e.queue = append(e.queue, r)
			continue
		}
		e.launch(r, true)
	}
	if len(open) > 0 {
		e.log.Info().Int("running", len(e.running)).Int("waiting", len(e.queue)).Msg("operations carried on")
	}
	e.schedule()
	return nil
}

// Stop hands all work off and waits until that is done. Jobs run on. Calling
// it twice is fine.
func (e *engine) Stop() {
	e.stop(job.ErrStopping)
	e.workers.Wait()
}

// newRun prepares work on an operation, on the definition it began with.
func (e *engine) newRun(o persistence.Operation) (*run, error) {
	d, err := e.stored.Parse(o.Definition)
	if err != nil {
		return nil, err
	}
	return &run{id: o.ID, definition: d, ended: make(chan struct{})}, nil
}

// schedule starts waiting operations while there is room. The caller holds
// mu.
func (e *engine) schedule() {
	waiting := e.queue
	e.queue = nil
	for _, r := range waiting {
		e.enqueue(r)
	}
}

// enqueue starts an operation if there is room, and else lets it wait behind the
// others, for which nothing has changed. The caller holds mu.
func (e *engine) enqueue(r *run) {
	if e.admits(r) {
		e.launch(r, false)
	} else {
		e.queue = append(e.queue, r)
	}
}

// admits reports whether an operation may begin beside those that run.
func (e *engine) admits(r *run) bool {
	if e.base.Err() != nil {
		return false
	}
	if !r.definition.Slot {
		return true
	}
	slots := 0
	for _, other := range e.running {
		if other.definition.Slot {
			slots++
		}
		if r.definition.Exclusive && other.definition.Name == r.definition.Name {
			return false
		}
	}
	return slots < e.max
}

// launch works on an operation in a goroutine of its own. The caller holds
// mu.
func (e *engine) launch(r *run, recovering bool) {
	e.running[r.id], r.launched = r, time.Now().UTC()
	e.gauges.Store(r.id, &r.gauge)
	e.workers.Go(func() {
		e.drive(e.base, r, recovering)
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.running, r.id)
		e.gauges.Delete(r.id)
		close(r.ended)
		e.schedule()
	})
}

// sweepJobs removes job folders whose result has been recorded: a crash came
// between the record and the removal.
func (e *engine) sweepJobs(ctx context.Context, open []persistence.Operation) error {
	folders, err := e.host.Jobs.Folders()
	if err != nil {
		return err
	}
	keep := map[string]bool{}
	for _, o := range open {
		job, err := e.store.OpenJob(ctx, o.ID)
		if errors.Is(err, persistence.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		keep[job.Folder] = true
	}
	for _, folder := range folders {
		if keep[folder] {
			continue
		}
		if err := e.host.Jobs.KeepLog(folder); err != nil {
			e.log.Warn().Err(err).Msg("operations logs will lack a program's output")
		}
		if err := e.host.Jobs.Remove(folder); err != nil {
			return err
		}
	}
	return nil
}

// await waits for the end of an operation, at most for the given time, and
// returns it as it then is.
func (e *engine) await(ctx context.Context, id string, patience time.Duration) (persistence.Operation, error) {
	e.mu.Lock()
	r := e.running[id]
	e.mu.Unlock()
	if r != nil {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		select {
		case <-r.ended:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	return e.store.Operation(context.WithoutCancel(ctx), id)
}

// AtWork reports whether an operation is open, or its end is just being recorded.
func (e *engine) AtWork(o persistence.Operation) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.atWork(o)
}

// atWork is AtWork for whoever holds mu.
func (e *engine) atWork(o persistence.Operation) bool {
	return o.Status.Open() || e.running[o.ID] != nil
}

// ReplacingData reports whether an operation is under way that puts other data into
// the server's data directory.
func (e *engine) ReplacingData() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range e.running {
		if r.definition.ReplacesDataDirectory {
			return true
		}
	}
	return false
}

// Quietly makes a change while no operation begins, ends or is retried, and tells
// it which are at work and whether the daemon stops.
func (e *engine) Quietly(change func(atWork func(o persistence.Operation) bool, stopping bool) error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return change(e.atWork, e.base.Err() != nil)
}
