package machine

import (
	"context"
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
	// Retention says what a prune keeps.
	Retention Retention
	Logger    zerolog.Logger
}

// common is what every part works with.
type common struct {
	store *persistence.Store
	host  *steps.Host
	log   zerolog.Logger
}

// Manager accepts commands, answers questions, and has its parts do the work:
// an engine that runs operations, a catalogue that knows the backups there are,
// and a caretaker that keeps records, store and retention in order. Its methods,
// with those of its parts, may be called from any goroutine once Start has
// returned.
type Manager struct {
	common
	*engine
	*catalogue
	*caretaker

	stamps lastStamp
}

// New returns a Manager, or everything that is wrong with the definitions.
func New(store *persistence.Store, host *steps.Host, options Options) (*Manager, error) {
	all := common{store: store, host: host, log: options.Logger}
	e, err := newEngine(all, options)
	if err != nil {
		return nil, err
	}
	c := &catalogue{common: all}
	return &Manager{common: all, engine: e, catalogue: c,
		caretaker: &caretaker{common: all, engine: e, catalogue: c, retention: options.Retention}}, nil
}

// Start carries on the operations an earlier daemon left open. It returns
// when each of them is under way or queued again.
func (m *Manager) Start(ctx context.Context) error {
	if err := m.carryOn(ctx); err != nil {
		return err
	}
	return m.warnUnrecorded(ctx)
}
