package shared

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"dbcalm-db-cmd/persistence/dbfile"
)

// IfChanged has the file looked at if others have written it since that last
// went well. While this program itself is writing it cannot be told who has, and
// the file is looked at.
func (f *File) IfChanged(ctx context.Context, look func() error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var version int64
	if err := f.Watch.QueryRowContext(ctx, `PRAGMA data_version`).Scan(&version); err != nil {
		return dbfile.Explain(f.path, "read shared file", err)
	}
	if version == f.seen {
		return nil
	}
	others, known := f.versionOfOthers(ctx)
	if known && f.seen != 0 && others == f.seenOfOthers {
		f.seen = version
		return nil
	}
	if err := look(); err != nil {
		return err
	}
	if f.seen = version; known {
		f.seenOfOthers = others
	}
	return nil
}

// writerPatience is how long the connection that writes is waited for: who reads
// must not wait for another program's lock.
const writerPatience = 5 * time.Millisecond

// versionOfOthers returns a number that changes with the commits of other programs
// alone: a connection's data_version does not with its own. It is not known while
// that connection is writing.
func (f *File) versionOfOthers(ctx context.Context) (version int64, known bool) {
	short, cancel := context.WithTimeout(ctx, writerPatience)
	defer cancel()
	conn, err := f.write.Conn(short)
	if err != nil {
		return 0, false
	}
	defer conn.Close()
	err = conn.QueryRowContext(ctx, `PRAGMA data_version`).Scan(&version)
	return version, err == nil
}

// LookAgain makes the next look compare, whether others have written or not.
func (f *File) LookAgain() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = 0
}

// DeliveredBackup is a backup whose row is in the shared file, with the process
// row that it names.
type DeliveredBackup struct {
	ID      string `json:"id"`
	Process int64  `json:"process"`
	Shared  int64  `json:"shared"`
	Command string `json:"command"`
}

// DeliveredRows are what the shared file holds, by the ledger.
type DeliveredRows struct {
	Backups []DeliveredBackup
	// Newest is the newest process row; its Shared is 0 without one.
	Newest Process
	// Ended: nothing waits in the outbox that could still end that row.
	Ended bool
}

// Lacks returns which backups are missing because another program has deleted
// their rows, and reports whether the file has lost what it had: an older copy
// put over it, or emptied.
//
// Two things tell one from the other. Where ids are never given twice, the file
// remembers the highest one there was, whatever is deleted. And an operation
// that has ended is never said to be running again.
func (f *File) Lacks(ctx context.Context, known DeliveredRows) (missing []DeliveredBackup, lost bool, err error) {
	tx, err := f.Watch.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = tx.Rollback() }()
	goesOn, err := f.goesOn(ctx, tx, known)
	if err != nil || !goesOn {
		return nil, err == nil, err
	}
	list, err := json.Marshal(known.Backups)
	if err != nil {
		return nil, false, err
	}
	rows, err := tx.QueryContext(ctx, `SELECT j.key, p.status IS 'running', p.id IS NOT NULL FROM json_each(?) j
		LEFT JOIN process p ON p.id = j.value ->> 'shared' AND p.command_id = j.value ->> 'command'
		WHERE NOT EXISTS (SELECT 1 FROM backup b WHERE b.id = j.value ->> 'id')`, string(list))
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	for rows.Next() {
		var i int
		var running, there bool
		if err := rows.Scan(&i, &running, &there); err != nil {
			return nil, false, err
		}
		if b := known.Backups[i]; running || !there && !f.counted && b.Shared != 0 {
			lost = true
		} else {
			missing = append(missing, b)
		}
	}
	return missing, lost, rows.Err()
}

// goesOn reports whether the file has what was last written to it.
func (f *File) goesOn(ctx context.Context, tx *sql.Tx, known DeliveredRows) (bool, error) {
	if known.Newest.Shared == 0 {
		return true, nil
	}
	var running bool
	err := tx.QueryRowContext(ctx, `SELECT status IS 'running' FROM process WHERE id = ? AND command_id = ?`,
		known.Newest.Shared, known.Newest.CommandID).Scan(&running)
	switch {
	case err == nil:
		return !running || !known.Ended, nil
	case !errors.Is(err, sql.ErrNoRows):
		return false, err
	case !f.counted:
		return false, nil
	}
	var highest sql.NullInt64
	err = tx.QueryRowContext(ctx, `SELECT max(seq) FROM sqlite_sequence WHERE name = 'process'`).Scan(&highest)
	return highest.Int64 >= known.Newest.Shared, err
}
