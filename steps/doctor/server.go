package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/tool"
)

// credentials looks at the file and at who may read it.
func (d *doctor) credentials() {
	if !d.usable("credentials", "backup_credentials_file") {
		return
	}
	c, err := d.Server.Credentials()
	if err == nil {
		err = d.Server.CheckToolReads()
	}
	d.look("credentials", err, fmt.Sprintf("%s, section [%s], user %s", d.Server.CredentialsFile, server.CredentialsSection, c.User))
	if info, err := os.Stat(d.Server.CredentialsFile); err == nil {
		d.look("secrecy", checkSecrecy(d.Server.CredentialsFile, info), d.Server.CredentialsFile+": "+disk.Ownership(info))
	}
}

func checkSecrecy(path string, info os.FileInfo) error {
	const othersRead, othersWrite = 0o004, 0o002
	switch mode := info.Mode().Perm(); {
	case mode&othersWrite != 0:
		return fmt.Errorf("every user of this machine may write %s (mode %04o), so the tools ignore it: chmod 600 %s", path, mode, path)
	case mode&othersRead != 0:
		return fmt.Errorf("every user of this machine may read the password in %s (mode %04o): chmod 600 %s", path, mode, path)
	}
	return nil
}

// askServer looks at what the server says of itself and of the backup user.
func (d *doctor) askServer(ctx context.Context) {
	if d.Wrong["backup_credentials_file"] || d.Wrong["db_type"] {
		d.unasked("the configuration has to be right first", "server", "database", "data directory", "privileges")
		return
	}
	s, err := d.Server.Connect(ctx)
	if errors.Is(err, server.ErrCredentials) {
		d.unasked("there is nothing to log in with: see credentials", "server", "database", "data directory", "privileges")
		return
	}
	if !d.look("server", err, "it answers, and lets the backup user in") {
		d.unasked("the server does not answer the backup user", "database", "data directory", "privileges")
		return
	}
	defer s.Close()
	info, err := s.Info(ctx)
	if err == nil {
		err = d.Server.CheckServer(info)
	}
	if !d.look("database", err, tool.ProductNames[info.Flavour]+" "+info.Version) {
		d.unasked("it has to be the right server first", "data directory", "privileges")
		return
	}
	d.server = &info
	if d.look("data directory", d.CheckCopyable(info.DataDir), info.DataDir+" is the server's, as data_dir says") {
		if info.Outside, err = s.Outside(ctx, info); err != nil {
			d.look("tables", err, "")
		}
	}
	if info.Flavour == server.MySQL {
		d.look("keyring", d.Tool.CheckKeyring(ctx, s, &info), "none is needed, or backup_args names it")
	}
	d.privileges(ctx, s, info)
}

// unasked notes what the server could not be asked.
func (d *doctor) unasked(why string, abouts ...string) {
	for _, about := range abouts {
		d.add(steps.NotChecked(about, why))
	}
}

// privileges has a line for each that a backup needs, with the statement that
// grants it.
func (d *doctor) privileges(ctx context.Context, s *server.Conn, info server.Info) {
	missing, inactive, err := s.Lacking(ctx, info)
	if err != nil {
		d.look("privileges", err, "")
		return
	}
	account := s.Account(ctx)
	for _, p := range server.NeededGrants(info) {
		lacks := slices.ContainsFunc(missing, func(m server.Privilege) bool { return m.On == p.On && m.Names[0] == p.Names[0] })
		var err error
		if lacks {
			err = fmt.Errorf("%s is missing: run %s TO %s;%s", p, p.Grant(), account, inactive)
		}
		d.look("privilege", err, p.String())
	}
	if !d.CountRows.On() {
		return
	}
	if why, err := s.Uncounted(ctx, info); err != nil {
		d.look("count_rows", err, "")
	} else if why != "" {
		d.add(steps.Noted("count_rows", why))
	} else {
		d.look("count_rows", nil, "the backup user may read every table")
	}
}
