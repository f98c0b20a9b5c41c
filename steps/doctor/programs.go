package doctor

import (
	"context"
	"fmt"
	"slices"

	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/boot"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/tool"
)

// programs looks for the programs that backups, restores and verifications
// run.
func (d *doctor) programs(ctx context.Context) {
	if !d.usable("tool", "db_type") || !d.usable("tool", "backup_bin") {
		return
	}
	version := ""
	if d.server != nil {
		version = d.server.Version
	}
	tool, err := d.Tool.Find(ctx, version)
	if err == nil {
		err = tool.Prove(ctx)
	}
	if d.look("tool", err, fmt.Sprintf("%s %s, %s", tool.Name, tool.Version, tool.Path)) {
		if d.server == nil {
			d.add(steps.NotChecked("tool's version", "the server does not tell its own"))
		} else {
			d.look("tool's version", tool.Fits(*d.server), "it fits the server's")
		}
		d.unpacker(tool)
	}
	d.bootable(ctx)
}

// unpacker is only needed where there are streams.
func (d *doctor) unpacker(tool tool.Info) {
	stored := slices.ContainsFunc(d.stored, func(s store.Stored) bool { return s.Manifest != nil && s.Manifest.Stream != nil })
	if d.Stream || stored {
		path, err := d.Tool.FindUnpacker(tool)
		d.look("unpacker", err, path)
	}
}

// bootable looks for the server's program. What it is needed for can also be
// done without.
func (d *doctor) bootable(ctx context.Context) {
	const about, only = "server_bin", "; only backups verify --level boot needs it"
	program, err := boot.FindProgram(ctx, d.ServerBin, d.Server.DBType)
	switch {
	case err != nil:
		d.add(steps.Noted(about, err.Error()+only))
	case d.server == nil:
		d.add(steps.Noted(about, fmt.Sprintf("%s %s; whether it fits the server's version is not known", program.Path, program.Version)))
	case server.Series(program.Version) != server.Series(d.server.Version):
		d.add(steps.Noted(about, fmt.Sprintf("%s is of version %s, the server of %s: set server_bin to a program of that series%s",
			program.Path, program.Version, d.server.Version, only)))
	default:
		d.look(about, nil, program.Path+" "+program.Version)
	}
}
