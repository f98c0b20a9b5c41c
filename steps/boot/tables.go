package boot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/job"
)

// tableChecks are what CHECK TABLE has said.
type tableChecks struct {
	tables int
	// damaged has a line for each table that is, notes one for each that could
	// not be checked.
	damaged []string
	notes   []string
	// faults are the tables that are damaged, and were so on the server.
	faults []string
	// asked are the tables whose answer did not come.
	asked []string
	// known are all the tables, spoilt those of them that are damaged or could not
	// be checked.
	known, spoilt map[tableName]bool
}

// during names what the server did when it ended.
func (c tableChecks) during() string {
	if len(c.asked) == 0 {
		return "it ends when it is asked for its tables"
	}
	slices.Sort(c.asked)
	return "it ends when it checks " + strings.Join(c.asked, " or ")
}

// tableName is a table of the booted server.
type tableName struct{ schema, name string }

func (t tableName) String() string { return t.schema + "." + t.name }

func (t tableName) quoted() string {
	quote := func(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }
	return quote(t.schema) + "." + quote(t.name)
}

// checkTables checks every table, several at a time.
// Broken has those that were so on the server, and why; outside those that this
// server may not find, and where their files lay.
func (s *bootedServer) checkTables(ctx context.Context, parallel int, broken, outside map[tableName]string) (tableChecks, error) {
	var checks tableChecks
	tables, err := s.tables(ctx)
	if err != nil {
		return checks, s.lost(ctx, err)
	}
	checks.tables, checks.known, checks.spoilt = len(tables), map[tableName]bool{}, map[tableName]bool{}
	for _, t := range tables {
		checks.known[t] = true
	}
	s.db.SetMaxOpenConns(max(1, parallel))
	var mu sync.Mutex
	err = disk.EachFile(ctx, parallel, len(tables), func(i int) error {
		damage, note, err := s.checkTable(ctx, tables[i])
		mu.Lock()
		defer mu.Unlock()
		if damage != "" || note != "" {
			checks.spoilt[tables[i]] = true
		}
		switch {
		case err != nil:
			checks.asked = append(checks.asked, tables[i].String())
			return err
		case damage != "" && broken[tables[i]] != "":
			checks.faults = append(checks.faults, tables[i].String())
			checks.notes = append(checks.notes, "the server's fault: "+tables[i].String()+": "+broken[tables[i]]+": "+damage)
		case damage != "" && outside[tables[i]] != "" &&
			slices.ContainsFunc(notFound, func(words string) bool { return strings.Contains(damage, words) }):
			checks.notes = append(checks.notes, "not checked: "+tables[i].String()+": its file belongs to "+outside[tables[i]]+
				", outside the data directory, and is not looked for in this folder while there is one: "+damage)
		case damage != "":
			checks.damaged = append(checks.damaged, tables[i].String()+": "+damage)
		case note != "":
			checks.notes = append(checks.notes, "not checked: "+tables[i].String()+": "+note)
		}
		return nil
	})
	slices.Sort(checks.damaged)
	slices.Sort(checks.notes)
	slices.Sort(checks.faults)
	if err != nil {
		return checks, s.lost(ctx, err)
	}
	return checks, nil
}

// lostPatience is how long a server that has broken off a conversation may
// take to be gone.
const lostPatience = 30 * time.Second

// lost tells an error of a server that has ended from any other.
func (s *bootedServer) lost(ctx context.Context, err error) error {
	if gone := s.gone(ctx, err); gone != err {
		return gone
	}
	return fmt.Errorf("check tables: %w", err)
}

// gone returns what the failure of a question comes from: the server's end, where
// it has ended, or the error itself.
func (s *bootedServer) gone(ctx context.Context, err error) error {
	limit := time.NewTimer(lostPatience)
	defer limit.Stop()
	if _, answered := errors.AsType[*mysql.MySQLError](err); answered {
		return err
	}
	select {
	case <-s.ended:
		return errEnded
	case <-ctx.Done():
		return ctx.Err()
	case <-limit.C:
		return err
	}
}

// tables lists all that hold rows. One whose definition cannot be read has no
// type.
func (s *bootedServer) tables(ctx context.Context) ([]tableName, error) {
	return s.list(ctx, `coalesce(TABLE_TYPE, '') NOT IN ('VIEW', 'SYSTEM VIEW')
		AND lower(TABLE_SCHEMA) NOT IN ('information_schema', 'performance_schema')`)
}

// list lists the tables and views of which a condition is true.
func (s *bootedServer) list(ctx context.Context, condition string) ([]tableName, error) {
	// #nosec G202 -- only the program's own words are joined
	rows, err := s.db.QueryContext(ctx, `SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES
		WHERE `+condition+` ORDER BY TABLE_SCHEMA, TABLE_NAME`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []tableName
	for rows.Next() {
		var t tableName
		if err := rows.Scan(&t.schema, &t.name); err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, rows.Err()
}

// checkTable asks for one table. Damage and note are empty for one that is
// sound.
func (s *bootedServer) checkTable(ctx context.Context, t tableName) (damage, note string, err error) {
	rows, err := s.db.QueryContext(ctx, "CHECK TABLE "+t.quoted())
	if refusal, refused := errors.AsType[*mysql.MySQLError](err); refused {
		return refusal.Message, "", nil
	}
	if err != nil {
		return "", "", err
	}
	defer rows.Close()
	var said []string
	sound := false
	for rows.Next() {
		var table, operation, kind, text string
		if err := rows.Scan(&table, &operation, &kind, &text); err != nil {
			return "", "", err
		}
		if strings.EqualFold(kind, "status") {
			sound = text == "OK" || text == "Table is already up to date"
		}
		if !sound {
			said = append(said, text)
		}
	}
	if err := rows.Err(); err != nil {
		return "", "", err
	}
	text := job.Printable([]byte(strings.ReplaceAll(strings.Join(said, "; "), "\n", " ")))
	switch {
	case sound:
		return "", "", nil
	case slices.ContainsFunc(uncheckable, func(words string) bool { return strings.Contains(text, words) }):
		return "", text, nil
	}
	return text, "", nil
}

// notFound are words in the answer for a table whose file is not found.
var notFound = []string{"ablespace is missing", "doesn't exist"}

// uncheckable are words in the answer for a table of which nothing can be
// said: its engine has no check, or comes with a plugin that is not loaded, or
// it is as an older server left it.
var uncheckable = []string{"doesn't support check", "Unknown storage engine", "upgrade required", "rebuild required"}
