package counts

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"dbcalm-db-cmd/steps/server"
)

// watchEvery is how often it is looked whether somebody waits for a table.
const watchEvery = time.Second

// session is a connection that reads tables, with another that watches over it:
// a statement that somebody waits for is ended, as is one that is not wanted any
// more, which a server else goes on with.
type session struct {
	reads, watches *sql.DB
	conn           *sql.Conn
	id             int64
	// waiting are the connections that wait for a table, with when that was first
	// seen.
	waiting map[int64]time.Time
}

// errWaitedFor: somebody waited for what was read.
var errWaitedFor = errors.New("somebody waits for the table")

// begin opens a session. Its statements read as one moment has the table, take as
// long as they take, and wait but shortly for what others have locked.
func (c Counter) begin(ctx context.Context) (*session, error) {
	reads, err := c.Server.Open(ctx, 0)
	if err != nil {
		return nil, err
	}
	s := &session{reads: reads, waiting: map[int64]time.Time{}}
	if s.conn, err = reads.Conn(ctx); err != nil {
		s.end()
		return nil, fmt.Errorf("prepare to count: %w", err)
	}
	if s.watches, err = c.Server.Open(ctx, server.ServerTimeout); err != nil {
		s.end()
		return nil, err
	}
	settings := []string{`SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ`, `SET SESSION lock_wait_timeout = 2`}
	if c.Server.DBType == server.MariaDB {
		settings = append(settings, `SET SESSION max_statement_time = 0`)
	}
	for _, statement := range settings {
		if _, err := s.conn.ExecContext(ctx, statement); err != nil {
			s.end()
			return nil, fmt.Errorf("prepare to count: %w", err)
		}
	}
	if err := s.conn.QueryRowContext(ctx, `SELECT CONNECTION_ID()`).Scan(&s.id); err != nil {
		s.end()
		return nil, fmt.Errorf("prepare to count: %w", err)
	}
	return s, nil
}

func (s *session) end() {
	if s.conn != nil {
		_ = s.conn.Close()
	}
	_ = s.reads.Close()
	if s.watches != nil {
		_ = s.watches.Close()
	}
}

// read lets a statement read. It returns errWaitedFor when it was broken off
// because somebody waited, and the cause of ctx when that has ended.
func (s *session) read(ctx context.Context, read func(ctx context.Context, db Row) error) error {
	reading, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	began := time.Now()
	done := make(chan error, 1)
	go func() { done <- read(reading, s.conn) }()
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		var why error
		select {
		case err := <-done:
			return err
		case <-ctx.Done():
			why = context.Cause(ctx)
		case <-tick.C:
			if s.look(ctx, began) {
				why = errWaitedFor
			}
		}
		if why == nil {
			continue
		}
		s.kill(context.WithoutCancel(ctx))
		limit := time.NewTimer(server.ServerTimeout)
		defer limit.Stop()
		select {
		case <-done:
		case <-limit.C:
			stop()
			<-done
		}
		return why
	}
}

// look reports whether somebody has begun to wait for a table since began, when
// the statement under way did. Whoever waited before waits for something else.
func (s *session) look(ctx context.Context, began time.Time) bool {
	ctx, cancel := context.WithTimeout(ctx, server.ServerTimeout)
	defer cancel()
	rows, err := s.watches.QueryContext(ctx, `SELECT ID FROM information_schema.PROCESSLIST
		WHERE (STATE LIKE 'Waiting for table%' OR STATE LIKE 'Waiting for global read lock%') AND ID <> ?`, s.id)
	if err != nil {
		// It cannot be seen who waits, so nobody is kept waiting.
		return true
	}
	defer rows.Close()
	now, ours := map[int64]time.Time{}, false
	for rows.Next() {
		var id int64
		if rows.Scan(&id) != nil {
			return true
		}
		since, known := s.waiting[id]
		if !known {
			since = time.Now()
		}
		now[id] = since
		ours = ours || since.After(began)
	}
	s.waiting = now
	return ours || rows.Err() != nil
}

// kill ends the statement under way. One that has ended meanwhile is none.
func (s *session) kill(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, server.ServerTimeout)
	defer cancel()
	_, _ = s.watches.ExecContext(ctx, fmt.Sprintf("KILL QUERY %d", s.id))
}
