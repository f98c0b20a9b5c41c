package steps

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// privilege is something a backup needs to be allowed.
type privilege struct {
	// names are its names, of which one is enough; the first is asked for.
	names []string
	// on is a table; empty for a privilege on everything.
	on string
}

// neededGrants returns what a backup needs. What is missing shows with some
// tools only when they have copied everything, so we look first.
// https://mariadb.com/kb/en/mariabackup-overview/#authentication-and-privileges
// https://docs.percona.com/percona-xtrabackup/8.4/privileges.html
func neededGrants(info ServerInfo) []privilege {
	needed := []privilege{{names: []string{"RELOAD"}}, {names: []string{"PROCESS"}}}
	if info.Flavour == MariaDB {
		if info.Binlog {
			needed = append(needed, privilege{names: []string{"BINLOG MONITOR", "REPLICATION CLIENT", "SUPER"}})
		}
		return needed
	}
	needed = append(needed, privilege{names: []string{"LOCK TABLES"}}, privilege{names: []string{"REPLICATION CLIENT", "SUPER"}})
	if !atLeast(info.Version, 8, 0) {
		return needed
	}
	needed = append(needed, privilege{names: []string{"BACKUP_ADMIN"}})
	if info.RedoArchive != "" {
		needed = append(needed, privilege{names: []string{"INNODB_REDO_LOG_ARCHIVE"}})
	}
	tables := []string{"log_status", "replication_group_members"}
	if atLeast(info.Version, keyringComponents...) {
		tables = append(tables, "keyring_component_status")
	}
	for _, table := range tables {
		needed = append(needed, privilege{names: []string{"SELECT"}, on: "performance_schema." + table})
	}
	return needed
}

// missingGrants compares SHOW GRANTS' lines with what is needed.
func missingGrants(lines []string, needed []privilege) []privilege {
	var grants []grantLine
	for _, line := range lines {
		if g, ok := parseGrant(line); ok {
			grants = append(grants, g)
		}
	}
	return slices.DeleteFunc(slices.Clone(needed), func(p privilege) bool { return p.held(grants) })
}

func (p privilege) held(grants []grantLine) bool {
	held := false
	for _, g := range grants {
		named := slices.Contains(g.privileges, "ALL PRIVILEGES") || slices.ContainsFunc(p.names, func(n string) bool { return slices.Contains(g.privileges, n) })
		switch {
		case !named:
		case p.on == "":
			held = held || g.on == "*.*" && !g.revoked
		case g.covers(p.on) && g.revoked:
			return false
		case g.covers(p.on):
			held = true
		}
	}
	return held
}

// grantAdvice names what is missing and the statements that grant it.
func grantAdvice(missing []privilege) (list, statements string) {
	var names, global, run []string
	for _, p := range missing {
		if p.on == "" {
			names, global = append(names, p.names[0]), append(global, p.names[0])
		}
	}
	if len(global) > 0 {
		run = append(run, "GRANT "+strings.Join(global, ", ")+" ON *.* TO its account")
	}
	for _, p := range missing {
		if p.on != "" {
			text := p.names[0] + " ON " + p.on
			names, run = append(names, text), append(run, "GRANT "+text+" TO its account")
		}
	}
	return strings.Join(names, ", "), "run " + strings.Join(run, ", and ")
}

// checkGrants refuses a user whose privileges would make the tool fail, early
// or late.
func (s *server) checkGrants(ctx context.Context, info ServerInfo, user string) error {
	missing, inactive, err := s.lacking(ctx, info)
	if err != nil || len(missing) == 0 {
		return err
	}
	list, statements := grantAdvice(missing)
	return fmt.Errorf("the backup user '%s' lacks the privilege %s: %s%s", user, list, statements, inactive)
}

// lacking returns what the backup user lacks of what it needs, and what there
// is to say about roles that do not help it.
func (s *server) lacking(ctx context.Context, info ServerInfo) (missing []privilege, inactive string, err error) {
	ctx, cancel := context.WithTimeout(ctx, serverTimeout)
	defer cancel()
	lines, err := s.grants(ctx, "")
	if err != nil {
		return nil, "", err
	}
	missing = missingGrants(lines, neededGrants(info))
	if roles := slices.Concat(each(lines, parseRoles)...); len(missing) > 0 && len(roles) > 0 && info.Flavour == MySQL {
		return s.missingWithRoles(ctx, roles, neededGrants(info))
	}
	return missing, "", nil
}

// missingWithRoles looks again with the roles that are active when the user
// has logged in, as they are for the tool. Those that are not are of no use.
func (s *server) missingWithRoles(ctx context.Context, granted []string, needed []privilege) (missing []privilege, inactive string, err error) {
	var active string
	if err := s.db.QueryRowContext(ctx, `SELECT CURRENT_ROLE()`).Scan(&active); err != nil {
		return nil, "", fmt.Errorf("ask the server for the backup user's roles: %w", err)
	}
	using := ""
	if active == "NONE" {
		inactive = "; its role " + strings.Join(granted, ", ") + " is not active when it logs in: SET DEFAULT ROLE ALL TO its account may be all it takes"
	} else {
		using = " FOR CURRENT_USER() USING " + active
	}
	lines, err := s.grants(ctx, using)
	return missingGrants(lines, needed), inactive, err
}

// grants returns the lines of SHOW GRANTS.
func (s *server) grants(ctx context.Context, whose string) ([]string, error) {
	lines, err := s.column(ctx, `SHOW GRANTS`+whose)
	if err != nil {
		return nil, fmt.Errorf("ask the server for the backup user's grants: %w", err)
	}
	return lines, nil
}

func each[A, B any](list []A, of func(A) B) []B {
	var out []B
	for _, a := range list {
		out = append(out, of(a))
	}
	return out
}
