package steps

import (
	"context"
	"fmt"
	"slices"
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
	tool, err := d.tool(ctx, version)
	if d.look("tool", err, fmt.Sprintf("%s %s, %s", tool.Name, tool.Version, tool.Path)) {
		if d.server == nil {
			d.add(NotChecked("tool's version", "the server does not tell its own"))
		} else {
			d.look("tool's version", tool.fits(*d.server), "it fits the server's")
		}
		d.unpacker(tool)
	}
	d.bootable(ctx)
}

// unpacker is only needed where there are streams.
func (d *doctor) unpacker(tool ToolInfo) {
	stored := slices.ContainsFunc(d.stored, func(s Stored) bool { return s.Manifest != nil && s.Manifest.Stream != nil })
	if d.Stream || stored {
		path, err := d.findUnpacker(tool)
		d.look("unpacker", err, path)
	}
}

// bootable looks for the server's program. What it is needed for can also be
// done without.
func (d *doctor) bootable(ctx context.Context) {
	const about, only = "server_bin", "; only backups verify --level boot needs it"
	program, err := findServerProgram(ctx, d.ServerBin, d.DBType)
	switch {
	case err != nil:
		d.add(Noted(about, err.Error()+only))
	case d.server == nil:
		d.add(Noted(about, fmt.Sprintf("%s %s; whether it fits the server's version is not known", program.Path, program.Version)))
	case series(program.Version) != series(d.server.Version):
		d.add(Noted(about, fmt.Sprintf("%s is of version %s, the server of %s: set server_bin to a program of that series%s", program.Path, program.Version, d.server.Version, only)))
	default:
		d.look(about, nil, program.Path+" "+program.Version)
	}
}
