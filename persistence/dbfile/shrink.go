package dbfile

import (
	"context"
	"database/sql"
	"fmt"
)

// Pages that hold nothing are used again before a file grows. So many are left
// to it: what comes next needs them, and giving them back and asking for them
// again would move other pages about for nothing.
const sparePages = 256

// MakeShrinkable lets a file give back the pages that hold nothing (incremental
// auto-vacuum). One that was made without is written anew, once, which takes as
// long as copying it: nothing else is ever lost by that, or by its breaking off.
// https://www.sqlite.org/pragma.html#pragma_auto_vacuum
func MakeShrinkable(ctx context.Context, db *sql.DB) error {
	// Both statements must be the same connection's.
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var mode int
	if err := conn.QueryRowContext(ctx, `PRAGMA auto_vacuum`).Scan(&mode); err != nil || mode != 0 {
		return err
	}
	if _, err := conn.ExecContext(ctx, `PRAGMA auto_vacuum = INCREMENTAL`); err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, `VACUUM`)
	return err
}

// Shrink gives back pages that hold nothing, at most so many, and reports whether
// there are more to give. It is one short write transaction.
func Shrink(ctx context.Context, db *sql.DB, most int) (more bool, err error) {
	var free int
	if err := db.QueryRowContext(ctx, `PRAGMA freelist_count`).Scan(&free); err != nil {
		return false, err
	}
	give := min(free-sparePages, most)
	if give <= 0 {
		return false, nil
	}
	// A page is given back with each row, which says nothing.
	rows, err := db.QueryContext(ctx, fmt.Sprintf(`PRAGMA incremental_vacuum(%d)`, give))
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for rows.Next() {
		continue
	}
	return free-give > sparePages, rows.Err()
}
