package doctor

import (
	"context"
	"fmt"
	"slices"

	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/place"
	"dbcalm-db-cmd/steps/store"
)

// wayBack looks at how a backup would come back.
func (d *doctor) wayBack(ctx context.Context) {
	d.retrievable()
	const about = "restore"
	if d.Wrong["data_dir"] {
		return
	}
	if there, err := disk.Exists(d.Server.DataDir); err == nil && !there {
		d.add(steps.NotChecked(about, "there is no data directory: see data_dir"))
		return
	}
	p, err := place.InDataDir(d.Server.DataDir, steps.PlannedOperation)
	if err == nil {
		err = d.Server.CheckOwner()
	}
	if err == nil {
		err = d.CheckPlace(p)
	}
	if err != nil {
		d.look(about, err, "")
		return
	}
	version := ""
	if d.server != nil {
		version = d.server.Version
	}
	if err := d.Server.CheckLayout(ctx, version); err != nil {
		d.add(steps.Noted(about, err.Error()))
		return
	}
	if d.server != nil {
		if why := d.server.ToFolderOnly(); why != "" {
			d.add(steps.Noted(about, "to database it will be refused, since the server "+why+": restore to a folder and copy from there"))
			return
		}
		if names := d.server.ComeInside(); names != "" {
			d.add(steps.Noted("tables", "they lie outside the data directory, and a restore puts them into it: "+names))
		}
	}
	d.look(about, nil, "to database, it goes into "+p.Target+" "+place.Manner[p.Mode])
}

// retrievable tells of forwarded backups that nothing brings back. The key that
// it takes may be kept elsewhere on purpose.
func (d *doctor) retrievable() {
	const about = "retrieve"
	away := slices.IndexFunc(d.stored, func(s store.Stored) bool { return s.Manifest != nil && d.CheckStreamRetrievable(s.Manifest) != nil })
	switch {
	case away >= 0:
		d.add(steps.Noted(about, d.CheckStreamRetrievable(d.stored[away].Manifest).Error()))
	case d.Forward != "" && d.Retrieve == "":
		d.add(steps.Noted(about, fmt.Sprintf("forward is set and %v: to restore or verify, set retrieve in the configuration "+
			"to the command that prints what was forwarded", steps.ErrNoRetrieve)))
	case d.Forward != "":
		d.look(about, nil, "it is set, as forward is; backups verify reports whether it works")
	}
}
