package doctor

import (
	"context"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/store"
)

// Setup is what Checks is told beside the settings.
type Setup struct {
	// Wrong has the keys of the configuration whose values cannot be used; what
	// needs one of them is not looked at.
	Wrong map[string]bool
	// DatabasePath is where the SQLite file is, or will be.
	DatabasePath string
	// Records are what is in it, and Unread why that is not known.
	Records persistence.Inspection
	Unread  error
	// DaemonPID is the daemon's process, 0 if none runs. It may be kept from
	// writing where this one is not.
	DaemonPID int
}

// doctor looks at the host's set-up, one thing after the other.
type doctor struct {
	*steps.Host
	Setup
	plan steps.Plan

	// server is nil when the server could not be asked.
	server *server.Info
	// data is the size of the data directory, nil when it is not known.
	data *server.Sizes
	// stored are the folders of the store, as far as they could be listed.
	stored []store.Stored
	// unlisted says why they could not be.
	unlisted error
}

// Checks looks at everything on the host that backups and restores need, and
// says of each what is wrong and what to do. It changes nothing and asks
// nothing of the catalog.
func Checks(ctx context.Context, h *steps.Host, s Setup) []steps.Check {
	d := &doctor{Host: h, Setup: s}
	recorded := map[string]bool{}
	for _, b := range s.Records.Backups {
		recorded[b.ID] = true
	}
	if !d.Wrong["backup_dir"] {
		d.stored, d.unlisted = h.Store.Survey(ctx, func(id string) bool { return recorded[id] })
	}
	d.credentials()
	d.askServer(ctx)
	d.programs(ctx)
	d.folders()
	d.wayBack(ctx)
	d.orphans(recorded)
	return d.plan.Checks
}

// look notes one thing and reports whether it is in order.
func (d *doctor) look(about string, err error, detail string) bool {
	return d.add(steps.NewCheck(about, err, detail))
}

func (d *doctor) add(c steps.Check) bool {
	d.plan.Checks = append(d.plan.Checks, c)
	return c.OK
}

// usable reports whether the configuration has a value for a key; if not, that
// is why the check is not made.
func (d *doctor) usable(about, key string) bool {
	if d.Wrong[key] {
		d.add(steps.NotChecked(about, "the configuration gives no "+key+" that could be used"))
	}
	return !d.Wrong[key]
}
