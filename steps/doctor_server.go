package steps

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// credentials looks at the file and at who may read it.
func (d *doctor) credentials() {
	if !d.usable("credentials", "backup_credentials_file") {
		return
	}
	c, err := d.Credentials()
	d.look("credentials", err, fmt.Sprintf("%s, section [%s], user %s", d.CredentialsFile, CredentialsSection, c.User))
	if info, err := os.Stat(d.CredentialsFile); err == nil {
		d.look("secrecy", checkSecrecy(d.CredentialsFile, info), d.CredentialsFile+": "+Ownership(info))
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
	s, err := d.connect(ctx)
	if errors.Is(err, ErrCredentials) {
		d.unasked("there is nothing to log in with: see credentials", "server", "database", "data directory", "privileges")
		return
	}
	if !d.look("server", err, "it answers, and lets the backup user in") {
		d.unasked("the server does not answer the backup user", "database", "data directory", "privileges")
		return
	}
	defer s.close()
	info, err := s.info(ctx)
	if err == nil {
		err = d.checkFlavour(info)
	}
	if !d.look("database", err, productNames[info.Flavour]+" "+info.Version) {
		d.unasked("it has to be the right server first", "data directory", "privileges")
		return
	}
	d.server = &info
	d.look("data directory", sameFolder(info.DataDir, d.DataDir), info.DataDir+" is the server's, as data_dir says")
	if info.Flavour == MySQL {
		d.look("keyring", d.checkKeyring(ctx, s, &info), "none is needed, or backup_args names it")
	}
	d.privileges(ctx, s, info)
}

// unasked notes what the server could not be asked.
func (d *doctor) unasked(why string, abouts ...string) {
	for _, about := range abouts {
		d.add(NotChecked(about, why))
	}
}

// privileges has a line for each that a backup needs, with the statement that
// grants it.
func (d *doctor) privileges(ctx context.Context, s *server, info ServerInfo) {
	missing, inactive, err := s.lacking(ctx, info)
	if err != nil {
		d.look("privileges", err, "")
		return
	}
	account := s.account(ctx)
	for _, p := range neededGrants(info) {
		lacks := slices.ContainsFunc(missing, func(m privilege) bool { return m.on == p.on && m.names[0] == p.names[0] })
		var err error
		if lacks {
			err = fmt.Errorf("%s is missing: run %s TO %s;%s", p, p.grant(), account, inactive)
		}
		d.look("privilege", err, p.String())
	}
}

func (p privilege) String() string {
	if p.on == "" {
		return p.names[0]
	}
	return p.names[0] + " ON " + p.on
}

// grant is the statement that grants it, without to whom.
func (p privilege) grant() string {
	if p.on == "" {
		return "GRANT " + p.names[0] + " ON *.*"
	}
	return "GRANT " + p.String()
}

// account returns the account that the server takes the backup user for, as a
// statement has it.
func (s *server) account(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, serverTimeout)
	defer cancel()
	var account string
	if err := s.db.QueryRowContext(ctx, `SELECT CURRENT_USER()`).Scan(&account); err != nil {
		return "its account"
	}
	// The host holds no @; the user may.
	at := strings.LastIndex(account, "@")
	if at < 0 {
		return "its account"
	}
	quote := func(name string) string { return "'" + strings.ReplaceAll(name, "'", "''") + "'" }
	return quote(account[:at]) + "@" + quote(account[at+1:])
}
