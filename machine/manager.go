package machine

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/machine/catalogue"
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
	keyMadeHere  = "made_here"
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
	// KeepHistory is how long operations are kept that are over, but for the newest;
	// 0 means for ever.
	KeepHistory time.Duration
	// Retention says what a prune keeps.
	Retention api.Retention
	Logger    zerolog.Logger
}

// common is what every part works with.
type common struct {
	store *persistence.Store
	host  *steps.Host
	log   zerolog.Logger
}

// Manager accepts commands, answers questions, and has its parts do the work:
// an engine that runs operations, the catalogue of the backups there are, a
// caretaker that keeps the store as small as the retention says, and a historian
// that keeps the ledger so. Its methods,
// with those of its parts, may be called from any goroutine once Start has
// returned.
type Manager struct {
	common
	*engine
	*caretaker

	backups   *catalogue.Catalogue
	historian *historian

	stamps lastStamp
}

// New returns a Manager, or everything that is wrong with the definitions.
func New(store *persistence.Store, host *steps.Host, options Options) (*Manager, error) {
	all := common{store: store, host: host, log: options.Logger}
	e, err := newEngine(all, options)
	if err != nil {
		return nil, err
	}
	c := catalogue.New(store, host, options.Logger)
	return &Manager{common: all, engine: e, backups: c,
		caretaker: &caretaker{common: all, engine: e, backups: c, retention: options.Retention},
		historian: newHistorian(all, e, options)}, nil
}

// Start carries on the operations an earlier daemon left open. It returns
// when each of them is under way or queued again.
func (m *Manager) Start(ctx context.Context) error {
	if err := m.carryOn(ctx); err != nil {
		return err
	}
	if err := m.backups.WarnUnrecorded(ctx); err != nil {
		return err
	}
	m.engine.workers.Go(func() { m.historian.run(m.engine.base) })
	return nil
}

// Backups lists the recorded backups, oldest first, and those in the store that
// have no record.
func (m *Manager) Backups(ctx context.Context) ([]api.BackupView, error) {
	return m.backups.Backups(ctx)
}

// Rebuild compares the table of backups with the store, records backups whose
// record is lost, and tells of all else that does not match.
func (m *Manager) Rebuild(ctx context.Context, r api.RebuildRequest) (api.RebuildReport, error) {
	return m.backups.Rebuild(ctx, r, m.engine)
}

// Health looks whether the database can be written and the store is there.
func (m *Manager) Health(ctx context.Context) api.Health { return m.backups.Health(ctx) }
