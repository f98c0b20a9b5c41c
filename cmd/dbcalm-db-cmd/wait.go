package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"dbcalm-db-cmd/machine"
)

const (
	pollInterval = 250 * time.Millisecond
	// patience is how long a daemon may be away while its operation is waited
	// for: a restart loses nothing.
	patience = 2 * time.Minute
)

// The statuses in which an operation is over.
const (
	statusSucceeded = "succeeded"
	statusFailed    = "failed"
	statusCancelled = "cancelled"
)

// await waits for an operation's end and tells it. The error is the
// operation's own unless it succeeded.
func (a *app) await(ctx context.Context, d daemon, id string) error {
	view, err := a.follow(ctx, d, id)
	if err != nil {
		return err
	}
	took := span(a.took(view.OperationSummary))
	if view.Status == statusSucceeded {
		return a.print(fmt.Sprintf("%s succeeded in %s\n", subject(view.OperationSummary), took))
	}
	text := fmt.Sprintf("%s %s after %s", subject(view.OperationSummary), view.Status, took)
	if view.Error != "" {
		text += ": " + view.Error
	}
	text = strings.TrimRight(text, "\n") + "\nSee " + a.commandLine("operations", "show", id)
	return exitWith(exitFailed, errors.New(text))
}

// follow polls an operation until it is over, with a line on stderr for each
// new transition.
func (a *app) follow(ctx context.Context, d daemon, id string) (machine.OperationView, error) {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	var told progress
	var away time.Time
	for {
		view, err := ask(ctx, func(ctx context.Context) (machine.OperationView, error) { return d.Operation(ctx, id) })
		switch {
		case ctx.Err() != nil:
			return view, a.stoppedWaiting(id)
		case err == nil:
			away = time.Time{}
			told.tell(a, view)
			if isOver(view.Status) {
				return view, nil
			}
		case exitCode(err) != exitUnreachable:
			return view, err
		case away.IsZero():
			away = a.now()
			a.note("%s  no daemon (%v); still waiting, the operation may be going on", stamp(away), err)
		case a.now().Sub(away) > patience:
			return view, err
		}
		select {
		case <-ctx.Done():
			return view, a.stoppedWaiting(id)
		case <-ticker.C:
		}
	}
}

func (a *app) stoppedWaiting(id string) error {
	return exitWith(exitInterrupted, fmt.Errorf("stopped waiting; operation %s goes on: %s",
		id, a.commandLine("operations", "show", id)))
}

// progress is what has been told of an operation so far.
type progress struct {
	seq int64
	// polls counts the polls that found it waiting: at the first it may only
	// not have begun yet.
	polls int
}

func (p *progress) tell(a *app, view machine.OperationView) {
	if view.Status == "waiting" {
		if p.polls++; p.polls == 2 {
			a.note("%s  waiting for its turn", stamp(a.now()))
		}
	}
	if p.seq == 0 {
		p.seq = beforeRetry(view.Transitions)
	}
	for _, t := range view.Transitions {
		if t.Seq <= p.seq {
			continue
		}
		p.seq = t.Seq
		line := stamp(t.At) + "  " + t.To
		if t.From != "" {
			line = stamp(t.At) + "  " + t.From + " → " + t.To
		}
		if t.Reason != "" {
			line += ": " + oneLine(t.Reason)
		}
		a.note("%s", line)
	}
}

// beforeRetry returns the number of the last transition of earlier attempts,
// which whoever retries has seen; 0 without a retry.
func beforeRetry(transitions []machine.TransitionView) int64 {
	var last int64
	for _, t := range transitions {
		if t.Event == "retry" {
			last = t.Seq - 1
		}
	}
	return last
}

func isOver(status string) bool {
	return status == statusSucceeded || status == statusFailed || status == statusCancelled
}

// took is how long an operation has run, or, before that, has waited.
func (a *app) took(s machine.OperationSummary) time.Duration {
	from, to := s.CreatedAt, a.now()
	if s.StartedAt != nil {
		from = *s.StartedAt
	}
	if s.FinishedAt != nil {
		to = *s.FinishedAt
	}
	return to.Sub(from)
}

// subject names an operation in a sentence.
func subject(s machine.OperationSummary) string {
	if s.Backup == "" {
		return s.Machine
	}
	return s.Machine + " of " + s.Backup
}
