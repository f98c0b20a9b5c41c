package persistence

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"dbcalm-db-cmd/persistence/dbfile"
)

// Made is what tells when a backup was made. A clock may be wrong, and be put
// right later; what the ledger counts is not.
type Made struct {
	// Number is that of the operation that made it, 0 where the ledger does not
	// know it.
	Number int64
	At     time.Time
	ID     string
}

// SortMade sorts backups by when they were made, the oldest first: by the numbers
// of their operations. One without a number, such as one whose record was
// rebuilt after the loss of the ledger, has its time only: it comes after the last
// of the others that began no later than it.
func SortMade[T any](list []T, made func(T) Made) {
	numbered := slices.DeleteFunc(slices.Clone(list), func(b T) bool { return made(b).Number == 0 })
	slices.SortStableFunc(numbered, func(a, b T) int { return cmp.Compare(made(a).Number, made(b).Number) })
	// follows counts those numbered before one without a number.
	follows := func(b T) int {
		for i, other := range slices.Backward(numbered) {
			if !made(other).At.After(made(b).At) {
				return i + 1
			}
		}
		return 0
	}
	places := map[string]int{}
	for i, b := range numbered {
		places[made(b).ID] = i + 1
	}
	for _, b := range list {
		if made(b).Number == 0 {
			places[made(b).ID] = follows(b)
		}
	}
	slices.SortStableFunc(list, func(a, b T) int {
		x, y := made(a), made(b)
		// At one place there is one with a number, and those that follow it.
		return cmp.Or(cmp.Compare(places[x.ID], places[y.ID]), cmp.Compare(y.Number, x.Number), x.At.Compare(y.At), cmp.Compare(x.ID, y.ID))
	})
}

// RestoredSince returns when the data directory was last replaced, if that was
// after the backup was made; the zero time if not. A backup is later than a
// restore if its operation was accepted after that one and did not end before it:
// either may have been retried. The times decide only for a backup whose
// operation the ledger does not know; one that is taken now always has one, so
// whoever is told to take a new backup is helped by it.
func (s *Store) RestoredSince(ctx context.Context, b Backup) (time.Time, error) {
	var at dbfile.Stamp
	var restored, ended int64
	err := s.read.QueryRowContext(ctx, `SELECT e.at, e.number,
		(SELECT max(number) FROM operation WHERE replaces_data_directory AND status = 'succeeded')
		FROM operation_end e JOIN operation o ON o.id = e.operation_id
		WHERE o.replaces_data_directory AND e.status = 'succeeded' ORDER BY e.number DESC LIMIT 1`).Scan(&at, &ended, &restored)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, s.explain("read last restore", err)
	}
	before := b.StartTime.Before(at.Time)
	if b.Number != 0 {
		var end sql.NullInt64
		if err := s.read.QueryRowContext(ctx, `SELECT max(e.number) FROM operation_end e JOIN operation o ON o.id = e.operation_id
			WHERE o.number = ?`, b.Number).Scan(&end); err != nil {
			return time.Time{}, s.explain("read the backup's end", err)
		}
		before = b.Number < restored || end.Valid && end.Int64 < ended
	}
	if before {
		return at.Time, nil
	}
	return time.Time{}, nil
}
