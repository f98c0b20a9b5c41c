package persistence

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"dbcalm-db-cmd/persistence/dbfile"
)

// Figures are what the database tells of all operations there ever were. All
// counts but those of the open operations and of what is owed only ever grow:
// they are rows of their own, which stay when operations leave the ledger.
type Figures struct {
	Open     []OpenFigure
	Ends     []EndFigure
	Took     []TookFigure
	Survived []SurvivedFigure
	// OnFinishOwed and OnFinishFailed count ends whose on_finish command is
	// still to run, and whose command failed.
	OnFinishOwed, OnFinishFailed uint64
}

// OpenFigure counts the open operations of a machine and status.
type OpenFigure struct {
	Machine string
	Status  Status
	Count   uint64
}

// EndFigure counts the ends of a machine's operations with a status, and of
// failures in a state.
type EndFigure struct {
	Machine  string
	Status   Status
	FailedIn string
	Count    uint64
	Last     time.Time
}

// TookFigure tells how long the successful operations of a machine took.
type TookFigure struct {
	Machine string
	Count   uint64
	// Seconds is the sum.
	Seconds float64
	// Within counts, for each of the bounds asked for, those that took no longer.
	// It is exact for whole seconds up to an hour and whole minutes above.
	Within []uint64
}

// SurvivedFigure counts the interruptions that operations of a machine went on
// after, by the event with which they did.
type SurvivedFigure struct {
	Machine string
	Event   string
	Count   uint64
}

// Figures counts. The bounds, in seconds, are those of Within.
func (l *ledger) Figures(ctx context.Context, bounds []float64) (Figures, error) {
	var f Figures
	for _, read := range []func(context.Context, *Figures) error{
		l.openFigures, l.endFigures, l.survivedFigures, l.onFinishFigures,
		func(ctx context.Context, f *Figures) error { return l.tookFigures(ctx, f, bounds) },
	} {
		if err := read(ctx, &f); err != nil {
			return f, l.explain("count operations", err)
		}
	}
	return f, nil
}

func (l *ledger) openFigures(ctx context.Context, f *Figures) error {
	return l.each(ctx, `SELECT machine, status, count(*) FROM operation
		WHERE status IN ('waiting', 'running') GROUP BY machine, status`, func(row scanner) error {
		var o OpenFigure
		err := row.Scan(&o.Machine, &o.Status, &o.Count)
		f.Open = append(f.Open, o)
		return err
	})
}

func (l *ledger) endFigures(ctx context.Context, f *Figures) error {
	return l.each(ctx, `SELECT machine, status, failed_in, count, last FROM figure_end`, func(row scanner) error {
		var e EndFigure
		var last dbfile.Stamp
		err := row.Scan(&e.Machine, &e.Status, &e.FailedIn, &e.Count, &last)
		e.Last = last.Time
		f.Ends = append(f.Ends, e)
		return err
	})
}

func (l *ledger) tookFigures(ctx context.Context, f *Figures, bounds []float64) error {
	var within strings.Builder
	args := make([]any, len(bounds))
	for i, bound := range bounds {
		fmt.Fprintf(&within, ", sum(CASE WHEN within <= ?%d THEN count ELSE 0 END)", i+1)
		args[i] = bound
	}
	query := `SELECT machine, sum(count), sum(seconds)` + within.String() + ` FROM figure_took GROUP BY machine`
	return l.each(ctx, query, func(row scanner) error {
		t := TookFigure{Within: make([]uint64, len(bounds))}
		into := []any{&t.Machine, &t.Count, &t.Seconds}
		for i := range bounds {
			into = append(into, &t.Within[i])
		}
		err := row.Scan(into...)
		f.Took = append(f.Took, t)
		return err
	}, args...)
}

func (l *ledger) survivedFigures(ctx context.Context, f *Figures) error {
	return l.each(ctx, `SELECT machine, event, count FROM figure_survived`, func(row scanner) error {
		var r SurvivedFigure
		err := row.Scan(&r.Machine, &r.Event, &r.Count)
		f.Survived = append(f.Survived, r)
		return err
	})
}

func (l *ledger) onFinishFigures(ctx context.Context, f *Figures) error {
	return l.read.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM operation_end WHERE on_finish = 'owed'),
		(SELECT failed FROM figure_on_finish)`).Scan(&f.OnFinishOwed, &f.OnFinishFailed)
}

// countEnd counts the end of an operation whose row says that it has ended.
func countEnd(ctx context.Context, tx *ledgerTx, before Operation, c Change) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO figure_end (machine, status, failed_in, count, last) VALUES (?, ?, ?, 1, ?)
		ON CONFLICT DO UPDATE SET count = count + 1, last = max(last, excluded.last)`, before.Machine, c.Status, c.FailedIn, dbfile.At(c.At))
	if err != nil || c.Status != Succeeded || before.StartedAt == nil {
		return err
	}
	seconds := max(0, c.At.Sub(*before.StartedAt).Seconds())
	within := math.Ceil(seconds)
	if within > time.Hour.Seconds() {
		within = math.Ceil(seconds/60) * 60
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO figure_took (machine, within, count, seconds) VALUES (?, ?, 1, ?)
		ON CONFLICT DO UPDATE SET count = count + 1, seconds = seconds + excluded.seconds`, before.Machine, int64(within), seconds)
	return err
}

// countSurvived counts a transition by which an operation went on after an
// interruption; others are none of these.
func countSurvived(ctx context.Context, tx *ledgerTx, machine, event string) error {
	switch event {
	case "adopt", "redo", "rewind":
	default:
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO figure_survived (machine, event, count) VALUES (?, ?, 1)
		ON CONFLICT DO UPDATE SET count = count + 1`, machine, event)
	return err
}

// each calls scan for every row of a query's answer.
func (l *ledger) each(ctx context.Context, query string, scan func(scanner) error, args ...any) error {
	rows, err := l.read.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// LastFailure returns the newest end that was a failure, or ErrNotFound.
func (l *ledger) LastFailure(ctx context.Context) (End, error) {
	e, err := scanEnd(l.read.QueryRowContext(ctx, `SELECT `+endColumns+` FROM operation_end
		WHERE status = 'failed' ORDER BY number DESC LIMIT 1`))
	return e, l.explain("read last failure", err)
}
