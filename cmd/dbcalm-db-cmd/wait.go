package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/human"
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
	return a.verdict(view)
}

// verdict tells how an operation has ended.
func (a *app) verdict(view machine.OperationView) error {
	took := human.Span(a.took(view.OperationSummary))
	if view.Status == statusSucceeded {
		return a.print(fmt.Sprintf("%s succeeded in %s\n", subject(view.OperationSummary), took))
	}
	text := fmt.Sprintf("%s %s after %s", subject(view.OperationSummary), view.Status, took)
	if view.Error != "" {
		text += ": " + view.Error
	}
	text = strings.TrimRight(text, "\n") + "\nSee " + a.commandLine("operations", "show", view.ID)
	return exitWith(exitFailed, errors.New(text))
}

// follow polls an operation until it is over and tells on stderr how it goes.
func (a *app) follow(ctx context.Context, d daemon, id string) (machine.OperationView, error) {
	views, err := a.followAll(ctx, a.displayOn(a.stderr), func(ctx context.Context, known []machine.OperationView) ([]machine.OperationView, error) {
		view, err := d.Operation(ctx, id)
		return []machine.OperationView{view}, err
	})
	if len(views) == 0 {
		return machine.OperationView{}, err
	}
	return views[0], err
}

// followAll polls operations until all of them are over. The question is given
// what it answered last.
func (a *app) followAll(ctx context.Context, shown display, question func(context.Context, []machine.OperationView) ([]machine.OperationView, error)) ([]machine.OperationView, error) {
	defer shown.close()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	var views []machine.OperationView
	var away time.Time
	for {
		fresh, err := ask(ctx, func(ctx context.Context) ([]machine.OperationView, error) { return question(ctx, views) })
		switch {
		case ctx.Err() != nil:
			return views, a.stoppedWaiting(views)
		case err == nil:
			away, views = time.Time{}, fresh
			shown.show(views)
			if !slices.ContainsFunc(views, func(v machine.OperationView) bool { return !isOver(v.Status) }) {
				return views, nil
			}
		case exitCode(err) != exitUnreachable:
			return views, err
		case away.IsZero():
			away = a.now()
			shown.note(fmt.Sprintf("%s  no daemon (%v); still waiting, the operation may be going on", human.Stamp(away), err))
		case a.now().Sub(away) > patience:
			return views, err
		}
		select {
		case <-ctx.Done():
			return views, a.stoppedWaiting(views)
		case <-ticker.C:
		}
	}
}

func (a *app) stoppedWaiting(views []machine.OperationView) error {
	text := "stopped waiting; what was begun goes on: " + a.commandLine("operations", "list")
	if len(views) == 1 {
		text = fmt.Sprintf("stopped waiting; operation %s goes on: %s", views[0].ID, a.commandLine("operations", "show", views[0].ID))
	}
	return exitWith(exitInterrupted, errors.New(text))
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
