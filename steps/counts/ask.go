package counts

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// Row asks for one row: *sql.DB and *sql.Conn do.
type Row interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// errNoChecksum: the server has none for the table.
var errNoChecksum = errors.New("the server has no checksum of it")

// The server's numbers for what it does not know, and for a lock that was not to be
// had in time.
const (
	errNoTable    = 1109
	errNoVariable = 1193
	errLockWait   = 1205
)

// refusedWith reports whether an error is the server's of that number.
func refusedWith(err error, number uint16) bool {
	refused, is := errors.AsType[*mysql.MySQLError](err)
	return is && refused.Number == number
}

func quoted(schema, name string) string {
	quote := func(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }
	return quote(schema) + "." + quote(name)
}

// Rows counts the rows of a table, as one moment has them.
func Rows(ctx context.Context, db Row, schema, name string) (rows uint64, err error) {
	// #nosec G202 -- the names are quoted
	err = db.QueryRowContext(ctx, "SELECT count(*) FROM "+quoted(schema, name)).Scan(&rows)
	return rows, err
}

// Checksum asks for the checksum of what is in a table.
func Checksum(ctx context.Context, db Row, schema, name string) (uint64, error) {
	var table string
	var sum sql.Null[uint64]
	// #nosec G202 -- the names are quoted
	if err := db.QueryRowContext(ctx, "CHECKSUM TABLE "+quoted(schema, name)+" EXTENDED").Scan(&table, &sum); err != nil {
		return 0, err
	}
	if !sum.Valid {
		return 0, errNoChecksum
	}
	return sum.V, nil
}
