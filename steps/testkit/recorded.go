package testkit

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// Recorded is a server that gives recorded answers: by the text of a query, its
// rows, the values of their one column, or an error. It stands for servers
// that cannot be had here.
func Recorded(t *testing.T, answers map[string]any) *sql.DB {
	t.Helper()
	db := sql.OpenDB(recording(answers))
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// The questions, as they are asked.
const (
	AskPlugins    = "SELECT PLUGIN_NAME FROM information_schema.PLUGINS WHERE PLUGIN_TYPE = 'KEYRING' AND PLUGIN_STATUS = 'ACTIVE'"
	AskComponents = "SELECT STATUS_VALUE FROM performance_schema.keyring_component_status " +
		"WHERE STATUS_KEY = 'Implementation_name' AND 'Active' IN " +
		"(SELECT STATUS_VALUE FROM performance_schema.keyring_component_status WHERE STATUS_KEY = 'Component_status')"
	AskEncrypted   = "SELECT COUNT(*) FROM information_schema.INNODB_TABLESPACES WHERE ENCRYPTION = 'Y'"
	AskEncrypted57 = "SELECT COUNT(*) FROM information_schema.INNODB_SYS_TABLESPACES WHERE FLAG & 8192"
)

type recording map[string]any

func (r recording) Connect(context.Context) (driver.Conn, error) { return r, nil }

func (r recording) Driver() driver.Driver { return nil }

func (r recording) Close() error { return nil }

func (r recording) Begin() (driver.Tx, error) { return nil, errors.ErrUnsupported }

func (r recording) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }

func (r recording) QueryContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Rows, error) {
	query = strings.Join(strings.Fields(query), " ")
	answer, found := r[query]
	if !found {
		return nil, fmt.Errorf("no answer is recorded for %s", query)
	}
	switch a := answer.(type) {
	case error:
		return nil, a
	case []string:
		rows := &recordedRows{width: 1}
		for _, value := range a {
			rows.rows = append(rows.rows, []string{value})
		}
		return rows, nil
	case [][]string:
		return &recordedRows{width: len(a[0]), rows: a}, nil
	}
	return nil, fmt.Errorf("the answer to %s is a %T", query, answer)
}

type recordedRows struct {
	width int
	rows  [][]string
}

func (r *recordedRows) Columns() []string { return make([]string, r.width) }

func (r *recordedRows) Close() error { return nil }

func (r *recordedRows) Next(into []driver.Value) error {
	if len(r.rows) == 0 {
		return io.EOF
	}
	for i, value := range r.rows[0] {
		into[i] = value
	}
	r.rows = r.rows[1:]
	return nil
}
