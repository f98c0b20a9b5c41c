package e2e

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// tellCommand is an on_finish command that keeps what it is told.
func (c *crash) tellCommand() string {
	return strconv.Quote(fmt.Sprintf(`echo "$DBCALM_OPERATION_ID $DBCALM_STATUS" >>%s`, filepath.Join(c.points, "told")))
}

// checkTold waits until no on_finish command is owed, and demands that every
// end has been told.
func (c *crash) checkTold() {
	c.w.t.Helper()
	count := func(query string) (n int) {
		c.queryLedger(query, func(rows *sql.Rows) error { return rows.Scan(&n) })
		return n
	}
	c.w.eventually("no end is owed", func() bool {
		return count(`SELECT count(*) FROM operation_end WHERE on_finish = 'owed'`) == 0
	})
	told, err := os.ReadFile(filepath.Join(c.points, "told"))
	if err != nil {
		c.w.t.Error(err)
	}
	c.queryLedger(`SELECT operation_id || ' ' || status FROM operation_end`, func(rows *sql.Rows) error {
		var end string
		if err := rows.Scan(&end); err != nil {
			return err
		}
		if !strings.Contains(string(told), end) {
			c.w.t.Errorf("never told: %s", end)
		}
		return nil
	})
	n := count(`SELECT count(*) FROM operation o
		WHERE NOT EXISTS (SELECT 1 FROM operation_end e WHERE e.operation_id = o.id AND e.seq = o.seq)`)
	if n > 0 {
		c.w.t.Errorf("%d operations have ended without a record of it", n)
	}
}
