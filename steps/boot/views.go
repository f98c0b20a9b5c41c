package boot

import (
	"context"
	"slices"
	"sync"

	"dbcalm-db-cmd/steps/disk"
)

// danglingViews returns the views that refer to what is not there, and adds a note
// of each. The backup holds the definition as the server had it, and all tables
// that the server had: so the fault is none of the backup's.
func (s *bootedServer) danglingViews(ctx context.Context, parallel int, checks *tableChecks) ([]string, error) {
	views, err := s.list(ctx, `TABLE_TYPE = 'VIEW' AND TABLE_SCHEMA NOT IN ('sys', 'information_schema', 'performance_schema')`)
	if err != nil {
		return nil, s.lost(ctx, err)
	}
	var mu sync.Mutex
	var dangling []string
	err = disk.EachFile(ctx, parallel, len(views), func(i int) error {
		why, note, err := s.checkTable(ctx, views[i])
		if err != nil || why+note == "" {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		dangling = append(dangling, views[i].String())
		checks.notes = append(checks.notes, "the server's fault: the view "+views[i].String()+": "+why+note)
		return nil
	})
	slices.Sort(dangling)
	if err != nil {
		return nil, s.lost(ctx, err)
	}
	return dangling, nil
}
