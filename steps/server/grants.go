package server

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

func (p Privilege) String() string {
	if p.On == "" {
		return p.Names[0]
	}
	return p.Names[0] + " ON " + p.On
}

// Grant is the statement that grants it, without to whom.
func (p Privilege) Grant() string {
	if p.On == "" {
		return "GRANT " + p.Names[0] + " ON *.*"
	}
	return "GRANT " + p.String()
}

// Account returns the account that the server takes the backup user for, as a
// statement has it.
func (s *Conn) Account(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, ServerTimeout)
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

// Privilege is something a backup needs to be allowed.
type Privilege struct {
	// Names are its names, of which one is enough; the first is asked for.
	Names []string
	// On is a table; empty for a privilege on everything.
	On string
}

// NeededGrants returns what a backup needs. What is missing shows with some
// tools only when they have copied everything, so we look first.
// https://mariadb.com/kb/en/mariabackup-overview/#authentication-and-privileges
// https://docs.percona.com/percona-xtrabackup/8.4/privileges.html
func NeededGrants(info Info) []Privilege {
	needed := []Privilege{{Names: []string{"RELOAD"}}, {Names: []string{"PROCESS"}}}
	if info.Flavour == MariaDB {
		if info.Binlog {
			needed = append(needed, Privilege{Names: []string{"BINLOG MONITOR", "REPLICATION CLIENT", "SUPER"}})
		}
		return needed
	}
	needed = append(needed, Privilege{Names: []string{"LOCK TABLES"}}, Privilege{Names: []string{"REPLICATION CLIENT", "SUPER"}})
	if !AtLeast(info.Version, 8, 0) {
		return needed
	}
	needed = append(needed, Privilege{Names: []string{"BACKUP_ADMIN"}})
	if info.RedoArchive != "" {
		needed = append(needed, Privilege{Names: []string{"INNODB_REDO_LOG_ARCHIVE"}})
	}
	tables := []string{"log_status", "replication_group_members"}
	if AtLeast(info.Version, keyringComponents...) {
		tables = append(tables, "keyring_component_status")
	}
	for _, table := range tables {
		needed = append(needed, Privilege{Names: []string{"SELECT"}, On: "performance_schema." + table})
	}
	return needed
}

// missingGrants compares SHOW GRANTS' lines with what is needed.
func missingGrants(lines []string, needed []Privilege) []Privilege {
	var grants []grantLine
	for _, line := range lines {
		if g, ok := parseGrant(line); ok {
			grants = append(grants, g)
		}
	}
	return slices.DeleteFunc(slices.Clone(needed), func(p Privilege) bool { return p.held(grants) })
}

func (p Privilege) held(grants []grantLine) bool {
	held := false
	for _, g := range grants {
		names := func(n string) bool { return slices.Contains(g.privileges, n) }
		named := names("ALL PRIVILEGES") || slices.ContainsFunc(p.Names, names)
		switch {
		case !named:
		case p.On == "":
			held = held || g.on == "*.*" && !g.revoked
		case g.covers(p.On) && g.revoked:
			return false
		case g.covers(p.On):
			held = true
		}
	}
	return held
}

// grantAdvice names what is missing and the statements that grant it.
func grantAdvice(missing []Privilege) (list, statements string) {
	var names, global, run []string
	for _, p := range missing {
		if p.On == "" {
			names, global = append(names, p.Names[0]), append(global, p.Names[0])
		}
	}
	if len(global) > 0 {
		run = append(run, "GRANT "+strings.Join(global, ", ")+" ON *.* TO its account")
	}
	for _, p := range missing {
		if p.On != "" {
			text := p.Names[0] + " ON " + p.On
			names, run = append(names, text), append(run, "GRANT "+text+" TO its account")
		}
	}
	return strings.Join(names, ", "), "run " + strings.Join(run, ", and ")
}

// CheckGrants refuses a user whose privileges would make the tool fail, early
// or late.
func (s *Conn) CheckGrants(ctx context.Context, info Info, user string) error {
	missing, inactive, err := s.Lacking(ctx, info)
	if err != nil || len(missing) == 0 {
		return err
	}
	list, statements := grantAdvice(missing)
	return fmt.Errorf("the backup user '%s' lacks the privilege %s: %s%s", user, list, statements, inactive)
}

// Lacking returns what the backup user lacks of what it needs, and what there
// is to say about roles that do not help it.
func (s *Conn) Lacking(ctx context.Context, info Info) (missing []Privilege, inactive string, err error) {
	return s.lacking(ctx, info, NeededGrants(info))
}

// Uncounted says what keeps the backup user from counting the rows of every table,
// with the statement that mends it; empty for nothing.
func (s *Conn) Uncounted(ctx context.Context, info Info) (string, error) {
	read := Privilege{Names: []string{"SELECT"}}
	missing, inactive, err := s.lacking(ctx, info, []Privilege{read})
	if err != nil || len(missing) == 0 {
		return "", err
	}
	return fmt.Sprintf("count_rows counts only tables that the backup user may read, and it lacks SELECT on all: run %s TO %s;%s",
		read.Grant(), s.Account(ctx), inactive), nil
}

// lacking returns what the backup user lacks of some privileges, as Lacking does.
func (s *Conn) lacking(ctx context.Context, info Info, needed []Privilege) (missing []Privilege, inactive string, err error) {
	ctx, cancel := context.WithTimeout(ctx, ServerTimeout)
	defer cancel()
	lines, err := s.grants(ctx, "")
	if err != nil {
		return nil, "", err
	}
	missing = missingGrants(lines, needed)
	if roles := slices.Concat(Each(lines, parseRoles)...); len(missing) > 0 && len(roles) > 0 && info.Flavour == MySQL {
		return s.missingWithRoles(ctx, roles, needed)
	}
	return missing, "", nil
}

// missingWithRoles looks again with the roles that are active when the user
// has logged in, as they are for the tool. Those that are not are of no use.
func (s *Conn) missingWithRoles(
	ctx context.Context, granted []string, needed []Privilege,
) (missing []Privilege, inactive string, err error) {
	var active string
	if err := s.db.QueryRowContext(ctx, `SELECT CURRENT_ROLE()`).Scan(&active); err != nil {
		return nil, "", fmt.Errorf("ask the server for the backup user's roles: %w", err)
	}
	using := ""
	if active == "NONE" {
		inactive = "; its role " + strings.Join(granted, ", ") + " is not active when it logs in: " +
			"SET DEFAULT ROLE ALL TO its account may be all it takes"
	} else {
		using = " FOR CURRENT_USER() USING " + active
	}
	lines, err := s.grants(ctx, using)
	return missingGrants(lines, needed), inactive, err
}

// grants returns the lines of SHOW GRANTS.
func (s *Conn) grants(ctx context.Context, whose string) ([]string, error) {
	lines, err := s.column(ctx, `SHOW GRANTS`+whose)
	if err != nil {
		return nil, fmt.Errorf("ask the server for the backup user's grants: %w", err)
	}
	return lines, nil
}

func Each[A, B any](list []A, of func(A) B) []B {
	var out []B
	for _, a := range list {
		out = append(out, of(a))
	}
	return out
}
