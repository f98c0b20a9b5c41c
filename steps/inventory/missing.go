package inventory

import (
	"context"
	"path/filepath"
	"strings"

	"dbcalm-db-cmd/steps/server"
)

// Comparison is what came of holding a backup against its server.
type Comparison struct {
	// Held counts the files that were there before and after, and are in the
	// backup.
	Held int
	// Moved counts those that were there only before or only after, or became
	// another one meanwhile: nothing is proved of them.
	Moved int
	// Missing are the paths of those that were there before and after, and are
	// not in the backup.
	Missing []string
}

// Compare holds what a backup has, the paths of its files as they are restored,
// against what the server had before and after. Omitted are paths that the tool
// said it leaves out: one of those that is there all the same, and was while the
// tool worked, is missing even when it has come meanwhile. The tool ended at
// ended, in nanoseconds of Unix time.
func (inv Inventory) Compare(after Inventory, held map[string]bool, omitted []string, ended int64) Comparison {
	var c Comparison
	now := after.byPath()
	missing := map[string]bool{}
	lacks := func(path string) {
		if !missing[path] {
			missing[path] = true
			c.Missing = append(c.Missing, path)
		}
	}
	for _, f := range inv.Files {
		is, there := now[f.Path]
		delete(now, f.Path)
		switch {
		case !there || !is.Same(f):
			c.Moved++
		case held[f.Path]:
			c.Held++
		default:
			lacks(f.Path)
		}
	}
	c.Moved += len(now)
	now = after.byPath()
	for _, path := range omitted {
		if f, there := now[path]; there && !held[path] && f.Born != 0 && f.Born < ended {
			lacks(path)
		}
	}
	return c
}

// StillThere leaves of the missing paths those that are the server's still, as it
// says when it is asked. A table that was dropped and made again may have got the
// very file number, and so have passed for the old one: its tablespace has another
// id. A tablespace that the server knows neither before nor after is a forgotten
// file. What is no tablespace stays.
func (inv Inventory) StillThere(ctx context.Context, srv *server.Server, missing []string) ([]string, error) {
	tables, err := srv.Tables(ctx)
	if err != nil {
		return nil, err
	}
	var left []string
	for _, path := range missing {
		name := strings.TrimSuffix(path, ".ibd")
		before, known := inv.Spaces[name]
		id, there := tables.Spaces[name]
		anew, forgotten := known && (!there || id != before), inv.OwnFiles && !known && !there
		if name != path && (anew || forgotten) {
			continue
		}
		left = append(left, path)
	}
	return left, nil
}

// MovedTables returns the tables, by the names of their files without suffixes,
// of which a file is not the same one afterwards, has come or has gone.
func (inv Inventory) MovedTables(after Inventory) map[string]bool {
	moved := map[string]bool{}
	now := after.byPath()
	for _, f := range inv.Files {
		if is, there := now[f.Path]; !there || !is.Same(f) {
			moved[tableOf(f.Path)] = true
		}
		delete(now, f.Path)
	}
	for path := range now {
		moved[tableOf(path)] = true
	}
	return moved
}

// tableOf returns what the files of a table are called, without suffix and
// partition.
func tableOf(path string) string {
	table := strings.TrimSuffix(path, filepath.Ext(path))
	if i := partition(table); i > 0 {
		table = table[:i]
	}
	return table
}
