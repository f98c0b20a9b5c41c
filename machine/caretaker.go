package machine

import "sync"

// caretaker keeps in order what operations leave: it records backups again whose
// records are lost, removes leftovers, and deletes what the retention lets go.
// What it changes, it has the engine do, or does while the engine accepts
// nothing.
type caretaker struct {
	common
	engine    *engine
	catalogue *catalogue
	retention Retention
	// pruning is held by the prune under way.
	pruning sync.Mutex
}
