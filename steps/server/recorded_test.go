package server

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

// recorded is a server that gives recorded answers: by the text of a query, its
// rows, the values of their one column, or an error. It stands for servers
// that cannot be had here.
func Recorded(t *testing.T, answers map[string]any) *Conn {
	t.Helper()
	s := &Conn{db: sql.OpenDB(recording(answers))}
	t.Cleanup(s.Close)
	return s
}

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
