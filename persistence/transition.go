package persistence

import (
	"context"
	"encoding/json"
	"time"

	"dbcalm-db-cmd/persistence/dbfile"
)

// Change is one transition with everything that becomes true with it.
type Change struct {
	OperationID string
	// Seq and From are the operation as the caller knows it; a change made for
	// anything else is refused with ErrStale.
	Seq  int64
	From string

	Event  string
	To     string
	At     time.Time
	Reason string

	Status   Status
	Attempt  int
	Data     json.RawMessage
	FailedIn string
	Error    string

	// HonourCancel refuses the change with ErrCancelRequested when a cancel
	// was asked for.
	HonourCancel bool
	// Reopen makes an ended operation open again: the claims are checked anew,
	// an old cancel is forgotten, and a process row begins.
	Reopen *Process

	// JobID is the job that ended with this transition; 0 for none.
	JobID int64
	// AdoptedJob is the job that a daemon which was started again goes on with,
	// in the state the operation is in; 0 for none.
	AdoptedJob int64
	// Result is what is now known of the newest process row.
	Result *ProcessResult

	Backup       *Backup
	Restore      *Restore
	DeleteBackup string
	// Verdicts are added to what is known of their backups.
	Verdicts []Verdict

	// OweOnFinish notes, with an ending change, that the on_finish command is to
	// be run.
	OweOnFinish bool
}

// Apply makes the change, in one transaction, and returns the operation as it
// then is. An ending change ends the newest process row too. The shared file is
// written afterwards, by and by if it cannot be now: only to reopen an operation
// it must be there.
func (s *Store) Apply(ctx context.Context, c Change) (Operation, error) {
	var o Operation
	if c.Reopen != nil {
		// It is a new command to those who look into the shared file.
		if err := s.shared.ready(ctx); err != nil {
			return o, err
		}
	}
	if c.Backup != nil || c.Restore != nil || len(c.Verdicts) > 0 {
		s.shared.learn(ctx)
	}
	err := s.inTx(ctx, "record transition", func(tx *ledgerTx) error {
		after, err := applyChange(ctx, tx, c)
		if err == nil {
			o = after
		}
		return err
	})
	return o, err
}

func applyChange(ctx context.Context, tx *ledgerTx, c Change) (Operation, error) {
	before, err := scanOperation(tx.QueryRowContext(ctx, `SELECT `+operationColumns+` FROM operation WHERE id = ?`, c.OperationID))
	if err != nil {
		return before, err
	}
	if before.Seq != c.Seq || before.State != c.From {
		return before, ErrStale
	}
	if c.HonourCancel && before.CancelAt != nil {
		return before, ErrCancelRequested
	}
	if err := checkJobOver(ctx, tx, c); err != nil {
		return before, err
	}
	if c.Reopen != nil {
		if err := reopen(ctx, tx, c); err != nil {
			return before, err
		}
	}
	if err := updateOperation(ctx, tx, before, c); err != nil {
		return before, err
	}
	next := Transition{Seq: c.Seq + 1, From: c.From, Event: c.Event, To: c.To, Attempt: c.Attempt, At: c.At, Reason: c.Reason}
	if err := insertTransition(ctx, tx, c.OperationID, next); err != nil {
		return before, err
	}
	if err := countSurvived(ctx, tx, before.Machine, c.Event); err != nil {
		return before, err
	}
	if err := applyRows(ctx, tx, before, c); err != nil {
		return before, err
	}
	return scanOperation(tx.QueryRowContext(ctx, `SELECT `+operationColumns+` FROM operation WHERE id = ?`, c.OperationID))
}

// checkJobOver refuses to leave a state, or to begin it anew, while its program
// may still run: what comes next would work on the same files.
func checkJobOver(ctx context.Context, tx *ledgerTx, c Change) error {
	adopted := int64(0)
	if c.To == c.From {
		adopted = c.AdoptedJob
	}
	var n int
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM operation_job
		WHERE operation_id = ? AND state = ? AND ended_at IS NULL AND id NOT IN (?, ?)`, c.OperationID, c.From, c.JobID, adopted).Scan(&n)
	if err == nil && n > 0 {
		return ErrJobOpen
	}
	return err
}

func updateOperation(ctx context.Context, tx *ledgerTx, before Operation, c Change) error {
	started, finished := dbfile.StampOf(before.StartedAt), dbfile.Stamp{}
	if c.Reopen != nil {
		// How long it takes is counted from the retry on.
		started = dbfile.Stamp{}
	}
	if c.Status == Running && started.IsZero() {
		started = dbfile.At(c.At)
	}
	if !c.Status.Open() {
		finished = dbfile.At(c.At)
	}
	_, err := tx.ExecContext(ctx, `UPDATE operation SET state = ?, status = ?, seq = ?, attempt = ?, data = ?,
		failed_in = ?, error = ?, started_at = ?, finished_at = ? WHERE id = ?`,
		c.To, c.Status, c.Seq+1, c.Attempt, string(c.Data), c.FailedIn, c.Error, started, finished, c.OperationID)
	return err
}

// applyRows writes the rows clients read, the process row's end last: who
// sees it ended may rely on all the others.
func applyRows(ctx context.Context, tx *ledgerTx, before Operation, c Change) error {
	if c.JobID != 0 {
		if _, err := tx.ExecContext(ctx, `UPDATE operation_job SET ended_at = ? WHERE id = ?`, dbfile.At(c.At), c.JobID); err != nil {
			return err
		}
	}
	process, err := newestProcess(ctx, tx, before)
	if err != nil {
		return err
	}
	if c.Result != nil {
		if err := updateProcess(ctx, tx, process, *c.Result); err != nil {
			return err
		}
	}
	if c.Backup != nil {
		if err := insertBackup(ctx, tx, *c.Backup, process); err != nil {
			return err
		}
		if err := insertMade(ctx, tx, *c.Backup, c.At); err != nil {
			return err
		}
	}
	if c.Restore != nil {
		if err := insertRestore(ctx, tx, *c.Restore, process); err != nil {
			return err
		}
	}
	if c.DeleteBackup != "" {
		if err := deleteBackup(ctx, tx, c.DeleteBackup); err != nil {
			return err
		}
	}
	for _, v := range c.Verdicts {
		if err := recordVerdict(ctx, tx, v, c.OperationID, c.At); err != nil {
			return err
		}
	}
	if c.Status.Open() {
		return nil
	}
	if err := insertEnd(ctx, tx, before, c); err != nil {
		return err
	}
	return endProcess(ctx, tx, process, c)
}

// reopen checks an ended operation's claims against those of the open ones.
func reopen(ctx context.Context, tx *ledgerTx, c Change) error {
	claims, err := readClaims(ctx, tx, c.OperationID)
	if err != nil {
		return err
	}
	if err := checkClaims(ctx, tx, c.OperationID, claims); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE operation SET cancel_at = NULL WHERE id = ?`, c.OperationID); err != nil {
		return err
	}
	_, err = insertProcess(ctx, tx, *c.Reopen)
	return err
}

func readClaims(ctx context.Context, tx *ledgerTx, operation string) ([]Claim, error) {
	rows, err := tx.QueryContext(ctx, `SELECT operation_id, backup_id, use FROM operation_claim WHERE operation_id = ?`, operation)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var claims []Claim
	for rows.Next() {
		var c Claim
		if err := rows.Scan(&c.OperationID, &c.BackupID, &c.Use); err != nil {
			return nil, err
		}
		claims = append(claims, c)
	}
	return claims, rows.Err()
}

func insertTransition(ctx context.Context, tx *ledgerTx, operation string, t Transition) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO operation_transition (operation_id, seq, from_state, event, to_state, attempt, at, reason)
		VALUES (?,?,?,?,?,?,?,?)`, operation, t.Seq, t.From, t.Event, t.To, t.Attempt, dbfile.At(t.At), t.Reason)
	return err
}

// Transitions returns an operation's transitions in order.
func (s *Store) Transitions(ctx context.Context, operation string) ([]Transition, error) {
	rows, err := s.asked.QueryContext(ctx, `SELECT seq, from_state, event, to_state, attempt, at, reason
		FROM operation_transition WHERE operation_id = ? ORDER BY seq`, operation)
	if err != nil {
		return nil, s.explain("list transitions", err)
	}
	defer rows.Close()
	var list []Transition
	for rows.Next() {
		var t Transition
		var at dbfile.Stamp
		if err := rows.Scan(&t.Seq, &t.From, &t.Event, &t.To, &t.Attempt, &at, &t.Reason); err != nil {
			return nil, s.explain("list transitions", err)
		}
		t.At = at.Time
		list = append(list, t)
	}
	return list, s.explain("list transitions", rows.Err())
}

// Interruptions counts how often an operation was interrupted in a state
// since it was last begun or retried.
func (s *Store) Interruptions(ctx context.Context, operation, state string) (int, error) {
	var n int
	err := s.asked.QueryRowContext(ctx, `SELECT count(*) FROM operation_transition t
		WHERE t.operation_id = ?1 AND t.from_state = ?2 AND t.event IN ('redo', 'rewind')
		AND t.seq > coalesce((SELECT max(seq) FROM operation_transition WHERE operation_id = ?1 AND event = 'retry'), 0)`,
		operation, state).Scan(&n)
	return n, s.explain("count interruptions", err)
}
