package machine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
)

// Keys of log fields.
const (
	keyOperation = "operation"
	keyMachine   = "machine"
	keyState     = "state"
	keyAttempt   = "attempt"
	keyBackup    = "backup"
	keyAskedBy   = "asked_by"
)

// Options are what a Manager can be told beside what it needs.
type Options struct {
	// MaxConcurrent is how many operations that take a slot run at a time; 0
	// means 1.
	MaxConcurrent int
	// MaxWaiting is how many operations may wait for their turn; 0 means 100.
	MaxWaiting int
	// KeepLogs is how long the programs' output is kept; 0 means for ever.
	KeepLogs time.Duration
	// Retention says what a prune keeps.
	Retention Retention
	Logger    zerolog.Logger
}

// Manager accepts commands and runs operations. Its methods may be called
// from any goroutine once Start has returned.
type Manager struct {
	store       *persistence.Store
	host        *steps.Host
	registry    map[string]steps.Step
	definitions map[string]*Definition
	max         int
	maxWaiting  int
	keepLogs    time.Duration
	retention   Retention
	log         zerolog.Logger

	// base is the context of all work; ending it hands the work off.
	base    context.Context
	stop    context.CancelCauseFunc
	workers sync.WaitGroup

	// pruning is held by the prune under way.
	pruning sync.Mutex

	mu sync.Mutex
	// queue holds the waiting operations in order.
	queue []*run
	// running holds the operations under way by id.
	running map[string]*run
	parsed  map[string]*Definition
	stamps  lastStamp

	sound soundness

	// owed holds a token while an on_finish command may be owed.
	owed chan struct{}
}

// run is an operation that this daemon works on.
type run struct {
	id         string
	definition *Definition
	// interrupt ends the step that is under way; nil between steps.
	interrupt context.CancelCauseFunc
	// shown is the progress last worked out.
	shown shownProgress
	// meter measures the step under way; nil while none of the daemon's own is.
	meter *steps.Meter
	// ended is closed when this daemon works on it no more.
	ended chan struct{}
}

// New returns a Manager, or everything that is wrong with the definitions.
func New(store *persistence.Store, host *steps.Host, options Options) (*Manager, error) {
	registry := host.Steps()
	definitions, err := loadAll(registry)
	if err != nil {
		return nil, err
	}
	m := &Manager{
		store: store, host: host, registry: registry, definitions: definitions,
		max: max(1, options.MaxConcurrent), maxWaiting: cmp.Or(options.MaxWaiting, defaultMaxWaiting),
		keepLogs: options.KeepLogs, retention: options.Retention, log: options.Logger,
		running: map[string]*run{}, parsed: map[string]*Definition{},
		owed: make(chan struct{}, 1),
	}
	m.base, m.stop = context.WithCancelCause(context.Background())
	return m, nil
}

// Start carries on the operations an earlier daemon left open. It returns
// when each of them is under way or queued again.
func (m *Manager) Start(ctx context.Context) error {
	open, err := m.store.OpenOperations(ctx)
	if err != nil {
		return err
	}
	if err := m.sweepJobs(ctx, open); err != nil {
		return err
	}
	if err := m.startOnFinish(ctx); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, o := range open {
		r, err := m.newRun(o)
		if err != nil {
			return fmt.Errorf("carry on operation %s: %w", o.ID, err)
		}
		if o.Status == persistence.Waiting && o.CancelAt == nil {
			m.queue = append(m.queue, r)
			continue
		}
		m.launch(r, true)
	}
	if len(open) > 0 {
		m.log.Info().Int("running", len(m.running)).Int("waiting", len(m.queue)).Msg("operations carried on")
	}
	m.schedule()
	return m.warnUnrecorded(ctx)
}

// warnUnrecorded says at once if the database does not know backups that are
// in the store.
func (m *Manager) warnUnrecorded(ctx context.Context) error {
	recorded, err := m.store.Backups(ctx)
	if err != nil {
		return err
	}
	lost, err := m.unrecorded(ctx, recorded)
	if err != nil {
		m.log.Warn().Err(err).Msg("the backup store cannot be read")
		return nil
	}
	for _, f := range lost {
		m.log.Warn().Str(keyBackup, f.ID).Msg("a backup is in the store and not recorded: was the database lost or put back? dbcalm-db-cmd backups rebuild records it again")
	}
	return nil
}

// Stop hands all work off and waits until that is done. Jobs run on. Calling
// it twice is fine.
func (m *Manager) Stop() {
	m.stop(steps.ErrStopping)
	m.workers.Wait()
}

// newRun prepares work on an operation, on the definition it began with.
func (m *Manager) newRun(o persistence.Operation) (*run, error) {
	d, err := m.definitionOf(o)
	if err != nil {
		return nil, err
	}
	return &run{id: o.ID, definition: d, ended: make(chan struct{})}, nil
}

// definitionOf returns the definition stored with an operation. The caller
// holds mu.
func (m *Manager) definitionOf(o persistence.Operation) (*Definition, error) {
	if d, found := m.parsed[o.Definition]; found {
		return d, nil
	}
	d, err := parse(o.Definition)
	if err != nil {
		return nil, err
	}
	if err := d.check(m.registry); err != nil {
		return nil, err
	}
	m.parsed[o.Definition] = d
	return d, nil
}

// schedule starts waiting operations while there is room. The caller holds
// mu.
func (m *Manager) schedule() {
	if m.base.Err() != nil {
		return
	}
	var waiting []*run
	for _, r := range m.queue {
		if m.admits(r) {
			m.launch(r, false)
		} else {
			waiting = append(waiting, r)
		}
	}
	m.queue = waiting
}

// admits tells whether an operation may begin beside those that run.
func (m *Manager) admits(r *run) bool {
	if !r.definition.Slot {
		return true
	}
	slots := 0
	for _, other := range m.running {
		if other.definition.Slot {
			slots++
		}
		if r.definition.Exclusive && other.definition.Name == r.definition.Name {
			return false
		}
	}
	return slots < m.max
}

// launch works on an operation in a goroutine of its own. The caller holds
// mu.
func (m *Manager) launch(r *run, recovering bool) {
	m.running[r.id] = r
	m.workers.Go(func() {
		m.drive(m.base, r, recovering)
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.running, r.id)
		close(r.ended)
		m.schedule()
	})
}

// sweepJobs removes job folders whose result has been recorded: a crash came
// between the record and the removal.
func (m *Manager) sweepJobs(ctx context.Context, open []persistence.Operation) error {
	folders, err := m.host.JobFolders()
	if err != nil {
		return err
	}
	keep := map[string]bool{}
	for _, o := range open {
		job, err := m.store.OpenJob(ctx, o.ID)
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
		if err := m.host.KeepLog(folder); err != nil {
			m.log.Warn().Err(err).Msg("operations logs will lack a program's output")
		}
		if err := m.host.RemoveJob(folder); err != nil {
			return err
		}
	}
	return nil
}
