package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/store"
)

// orphans compares the store with the records.
func (d *doctor) orphans(recorded map[string]bool) {
	const unrecorded, missing, leftover = "unrecorded", "missing", "leftovers"
	switch {
	case d.Wrong["backup_dir"]:
		return
	case d.Unread != nil:
		for _, about := range []string{unrecorded, missing, leftover} {
			d.add(steps.NotChecked(about, "the records cannot be read: see SQLite file and integrity"))
		}
		return
	}
	err := d.unlisted
	if errors.Is(err, fs.ErrNotExist) {
		err = nil // no store yet, or one that is away: its own check says so
	}
	lost := 0
	for _, s := range d.stored {
		if errors.Is(s.Problem, fs.ErrPermission) {
			err = s.Problem
		}
		if s.Manifest != nil && !recorded[s.Name] && !d.Records.Used[s.Name] {
			lost++
		}
	}
	if err == nil && lost > 0 {
		err = fmt.Errorf("the store holds %d that no record names: dbcalm-db-cmd backups rebuild records them again", lost)
	}
	d.look(unrecorded, err, "no backup in the store is without a record")

	gone := slices.Clone(d.Records.Backups)
	n := 0
	for _, b := range gone {
		if !d.Records.Used[b.ID] && d.Store.Gone(b.ID) {
			n++
		}
	}
	err = nil
	if n > 0 {
		err = fmt.Errorf("%d of %d backups that are recorded have no folder: bring it back; "+
			"dbcalm-db-cmd backups rebuild names them, and with --prune removes their records", n, len(gone))
	}
	d.look(missing, err, fmt.Sprintf("every one of %d records has its folder", len(gone)))
	d.look(leftover, d.checkLeftovers(), "no operation that is over has left work in the store")
}

func (d *doctor) checkLeftovers() error {
	list, err := d.Store.Leftovers()
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(l store.Leftover) bool { return d.Records.Open[l.Operation] })
	if len(list) > 0 {
		return fmt.Errorf("%d in %s are of no operation that is open: "+
			"dbcalm-db-cmd backups rebuild names them, and with --prune removes them", len(list), d.Store.PartialDir())
	}
	return nil
}
