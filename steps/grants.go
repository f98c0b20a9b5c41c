package steps

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// neededGrants returns the global privileges that a backup needs, each as a
// list of names of which one is enough. A missing BINLOG MONITOR shows only
// when the tool has copied everything, so we look first.
// https://mariadb.com/kb/en/mariabackup-overview/#authentication-and-privileges
// https://docs.percona.com/percona-xtrabackup/8.0/privileges.html
func neededGrants(info ServerInfo) [][]string {
	needed := [][]string{{"RELOAD"}, {"PROCESS"}}
	if info.Flavour == MariaDB {
		if info.Binlog {
			needed = append(needed, []string{"BINLOG MONITOR", "REPLICATION CLIENT", "SUPER"})
		}
		return needed
	}
	needed = append(needed, []string{"LOCK TABLES"}, []string{"REPLICATION CLIENT"})
	if !strings.HasPrefix(info.Version, "5.") {
		needed = append(needed, []string{"BACKUP_ADMIN"})
	}
	return needed
}

var globalGrant = regexp.MustCompile(`^GRANT (.+) ON \*\.\* TO `)

// missingGrants compares SHOW GRANTS' lines with what is needed.
func missingGrants(lines []string, needed [][]string) []string {
	var held []string
	for _, line := range lines {
		match := globalGrant.FindStringSubmatch(line)
		if match == nil {
			continue
		}
		for name := range strings.SplitSeq(match[1], ",") {
			held = append(held, strings.ToUpper(strings.TrimSpace(name)))
		}
	}
	if slices.Contains(held, "ALL PRIVILEGES") {
		return nil
	}
	var missing []string
	for _, names := range needed {
		if !slices.ContainsFunc(names, func(n string) bool { return slices.Contains(held, n) }) {
			missing = append(missing, names[0])
		}
	}
	return missing
}

// checkGrants refuses a user whose privileges would make the tool fail, early
// or late.
func (s *server) checkGrants(ctx context.Context, info ServerInfo, user string) error {
	ctx, cancel := context.WithTimeout(ctx, serverTimeout)
	defer cancel()
	rows, err := s.db.QueryContext(ctx, `SHOW GRANTS`)
	if err != nil {
		return fmt.Errorf("ask the server for the backup user's grants: %w", err)
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return fmt.Errorf("read grants: %w", err)
		}
		lines = append(lines, line)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read grants: %w", err)
	}
	if missing := missingGrants(lines, neededGrants(info)); len(missing) > 0 {
		list := strings.Join(missing, ", ")
		return fmt.Errorf("the backup user '%s' lacks the privilege %s: run GRANT %s ON *.* TO its account", user, list, list)
	}
	return nil
}
