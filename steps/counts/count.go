package counts

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/go-sql-driver/mysql"
	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/crashpoint"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/inventory"
)

// settle is how long after the last table was read the server is asked what has
// changed: a transaction can be seen a moment before its time is noted.
const settle = 2 * time.Second

// Job is what there is to count after a backup's copy.
type Job struct {
	// Before is what the server said before the copy began, and Files which files
	// it had then.
	Before Observation
	Files  inventory.Inventory
	// Journal is a file in which what has been counted is noted, so that nothing is
	// counted twice after an interruption.
	Journal string
}

// Count counts the tables that are as they were before the copy began, and
// returns the figures of those that still are afterwards. What the server
// refuses is in the figures; an error is one of the disk's, or the cause of ctx.
func (c Counter) Count(ctx context.Context, j Job) (Figures, error) {
	f := Figures{Version: j.Before.Version, Left: map[Reason]int{}}
	counted, err := c.count(ctx, j, &f)
	if ctx.Err() != nil {
		return f, context.Cause(ctx)
	}
	if local, is := errors.AsType[*journalError](err); is {
		return f, local.error
	}
	f.Taken = time.Now().UTC()
	if err != nil {
		f.Failed, f.Left = err.Error(), nil
		return f, nil
	}
	f.Tables = counted
	f.order()
	return f, nil
}

func (c Counter) count(ctx context.Context, j Job, f *Figures) ([]Figure, error) {
	if j.Before.Failed != "" {
		return nil, errors.New(j.Before.Failed)
	}
	tables, _, err := c.stillSame(ctx, j)
	if err != nil {
		return nil, err
	}
	var total int64
	for _, t := range tables {
		total += t.Size
	}
	disk.Expect(ctx, total)
	noted, err := c.countTables(ctx, j, tables)
	if err != nil {
		return nil, err
	}
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-time.After(settle):
	}
	tables, left, err := c.stillSame(ctx, j)
	if err != nil {
		return nil, err
	}
	f.Left = left
	var figures []Figure
	for _, t := range tables {
		n, is := noted[tableName{t.Schema, t.Name}]
		switch {
		case !is:
			// It looked changed when the counting began.
			f.Left[Changed]++
		case n.Why != "":
			f.Left[n.Why]++
		default:
			figures = append(figures, n.Figure)
		}
	}
	return figures, nil
}

// stillSame returns the tables that are as they were before the copy began.
func (c Counter) stillSame(ctx context.Context, j Job) ([]Table, map[Reason]int, error) {
	now, err := c.ask(ctx)
	if err != nil {
		return nil, nil, err
	}
	// The files are looked at last: what became another one meanwhile shows.
	files, err := j.Files.Again()
	if err != nil {
		return nil, nil, err
	}
	broken := map[string]bool{}
	for _, b := range j.Files.Broken {
		broken[b.File] = true
	}
	same, left := j.Before.unchanged(now, j.Files.MovedTables(files), broken)
	return same, left, nil
}

// note is a line of the journal.
type note struct {
	Figure
	// Why says why there is no figure.
	Why Reason `json:"why,omitempty"`
}

// journalError is one of the disk's, which ends the step.
type journalError struct{ error }

func (e *journalError) Unwrap() error { return e.error }

// countTables counts those tables that the journal does not have.
func (c Counter) countTables(ctx context.Context, j Job, tables []Table) (map[tableName]note, error) {
	noted, err := readJournal(j.Journal)
	if err != nil {
		return nil, &journalError{err}
	}
	journal, err := os.OpenFile(j.Journal, os.O_CREATE|os.O_APPEND|os.O_WRONLY|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, &journalError{fmt.Errorf("note down what is counted: %w", err)}
	}
	defer journal.Close()
	s, err := c.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer s.end()
	for _, t := range tables {
		name := tableName{t.Schema, t.Name}
		if _, done := noted[name]; !done {
			crashpoint.Here("count-table")
			n, err := c.countTable(ctx, s, t)
			if err != nil {
				return nil, err
			}
			// One that begins with a line's end does not go on what a crash has cut.
			line, err := json.Marshal(n)
			if err == nil {
				_, err = journal.Write(append(append([]byte("\n"), line...), '\n'))
			}
			if err != nil {
				return nil, &journalError{fmt.Errorf("note down what is counted: %w", err)}
			}
			noted[name] = n
		}
		disk.Advance(ctx, int(t.Size))
	}
	return noted, nil
}

// countTable asks for the figures of one table. An error ends the counting.
func (c Counter) countTable(ctx context.Context, s *session, t Table) (note, error) {
	n := note{Figure: Figure{Schema: t.Schema, Name: t.Name}}
	err := s.read(ctx, func(ctx context.Context, db Row) (err error) {
		n.Rows, err = Rows(ctx, db, t.Schema, t.Name)
		return err
	})
	if err == nil && c.Checksums && !t.Virtual {
		var sum uint64
		err = s.read(ctx, func(ctx context.Context, db Row) (err error) {
			sum, err = Checksum(ctx, db, t.Schema, t.Name)
			return err
		})
		if err == nil {
			n.Checksum = &sum
		} else if errors.Is(err, errNoChecksum) {
			err = nil
		}
	}
	_, refused := errors.AsType[*mysql.MySQLError](err)
	switch {
	case err == nil:
	case errors.Is(err, errWaitedFor), refusedWith(err, errLockWait):
		n.Why = Busy
	case refused:
		n.Why = Unreadable
	default:
		return n, fmt.Errorf("count the rows of %s: %w", n, err)
	}
	return n, nil
}

// readJournal returns what has been counted already. A line that a crash has cut
// counts for nothing.
func readJournal(path string) (map[tableName]note, error) {
	noted := map[tableName]note{}
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return noted, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what has been counted: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var n note
		if line := bytes.TrimSpace(lines.Bytes()); len(line) > 0 && json.Unmarshal(line, &n) == nil {
			noted[tableName{n.Schema, n.Name}] = n
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read what has been counted: %w", err)
	}
	return noted, nil
}
