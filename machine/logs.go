package machine

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/job"
)

// logPosition is where to go on reading an operation's log. The zero value is
// its beginning.
type logPosition struct {
	// job counts the operation's jobs, offsets are those in each of its outputs.
	job     int
	offsets [2]int64
}

// How often a log that is followed is looked at, and after how long without
// news whoever follows it is given a sign of life.
const (
	logInterval  = 500 * time.Millisecond
	logKeepAlive = 5 * time.Second
)

// Logs calls each with every piece of what an operation's programs have
// printed; with follow, until the operation is over, and now and then with an
// empty piece.
func (e *engine) Logs(ctx context.Context, id string, follow bool, each func(api.LogChunk) error) error {
	var at logPosition
	told := time.Now()
	for {
		chunk, next, ended, err := e.nextLog(ctx, id, at)
		if err != nil {
			return err
		}
		at = next
		news := chunk.Text != "" || chunk.Missing
		if news || follow && time.Since(told) >= logKeepAlive {
			told = time.Now()
			if err := each(chunk); err != nil {
				return err
			}
		}
		switch {
		case news:
			continue
		case ended || !follow:
			return nil
		}
		timer := time.NewTimer(logInterval)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// nextLog returns the next piece of an operation's log, and where to go on. A
// piece without text means that there is no more for now; ended, that there
// will be none.
func (e *engine) nextLog(ctx context.Context, id string, at logPosition) (chunk api.LogChunk, next logPosition, ended bool, err error) {
	o, err := e.find(ctx, id)
	if err != nil {
		return chunk, at, false, err
	}
	jobs, err := e.store.Jobs(ctx, id)
	if err != nil {
		return chunk, at, false, api.Failure(err)
	}
	for ; at.job < len(jobs); at = (logPosition{job: at.job + 1}) {
		row := jobs[at.job]
		for i, part := range job.LogParts {
			text, offset, err := e.host.Jobs.ReadLog(row.Folder, part, at.offsets[i])
			chunk = api.LogChunk{State: row.State, Attempt: row.Attempt, Output: string(part), Text: text}
			gone := errors.Is(err, fs.ErrNotExist)
			switch {
			case gone && part == job.LogOutput && offset == 0 && row.EndedAt != nil && row.PID != 0:
				chunk.Missing = true
				return chunk, logPosition{job: at.job + 1}, false, nil
			case err != nil && !gone:
				return chunk, at, false, api.Failure(err)
			case text != "":
				at.offsets[i] = offset
				return chunk, at, false, nil
			}
		}
		if row.EndedAt == nil && o.Status.Open() {
			// More may come, as long as the job runs.
			return api.LogChunk{}, at, false, nil
		}
	}
	return api.LogChunk{}, at, !o.Status.Open(), nil
}
