package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/human"
	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/screen"
	"dbcalm-db-cmd/machine/api"
)

const (
	pollInterval = 250 * time.Millisecond
	// patience is how long a daemon may be away while its operation is waited
	// for: a restart loses nothing.
	patience = 2 * time.Minute
)

// await waits for an operation's end and tells it. The error is the
// operation's own unless it succeeded.
func (c *conversation) await(ctx context.Context, d daemon, id string) error {
	view, err := c.follow(ctx, d, id)
	if err != nil {
		return err
	}
	return c.verdict(view)
}

// verdict tells how an operation has ended.
func (c *conversation) verdict(view api.OperationView) error {
	took := human.Span(c.screen.Took(view.OperationSummary))
	if view.Status == api.StatusSucceeded {
		return c.screen.Print(fmt.Sprintf("%s succeeded in %s\n", screen.Subject(view.OperationSummary), took))
	}
	text := fmt.Sprintf("%s %s after %s", screen.Subject(view.OperationSummary), view.Status, took)
	if view.Error != "" {
		text += ": " + view.Error
	}
	text = strings.TrimRight(text, "\n") + "\nSee " + c.commandLine("operations", "show", view.ID)
	return exitWith(exitFailed, errors.New(text))
}

// follow polls an operation until it is over and tells on stderr how it goes.
func (c *conversation) follow(ctx context.Context, d daemon, id string) (api.OperationView, error) {
	one := func(ctx context.Context, _ []api.OperationView) ([]api.OperationView, error) {
		view, err := d.Operation(ctx, id)
		return []api.OperationView{view}, err
	}
	views, err := c.followAll(ctx, c.screen.DisplayOn(c.screen.Err), one)
	if len(views) == 0 {
		return api.OperationView{}, err
	}
	return views[0], err
}

// question asks for the operations that are followed; it is given what it
// answered last.
type question func(ctx context.Context, known []api.OperationView) ([]api.OperationView, error)

// followAll polls operations until all of them are over.
func (c *conversation) followAll(ctx context.Context, display screen.Display, next question) ([]api.OperationView, error) {
	defer display.Close()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	var views []api.OperationView
	var away time.Time
	for {
		fresh, err := ask(ctx, func(ctx context.Context) ([]api.OperationView, error) { return next(ctx, views) })
		switch {
		case ctx.Err() != nil:
			return views, c.stoppedWaiting(views)
		case err == nil:
			away, views = time.Time{}, fresh
			display.Show(views)
			if !slices.ContainsFunc(views, func(v api.OperationView) bool { return !v.Over() }) {
				return views, nil
			}
		case exitCode(err) != exitUnreachable:
			return views, err
		case away.IsZero():
			away = c.screen.Now()
			display.Note(fmt.Sprintf("%s  no daemon (%v); still waiting, the operation may be going on", human.Stamp(away), err))
		case c.screen.Now().Sub(away) > patience:
			return views, err
		}
		select {
		case <-ctx.Done():
			return views, c.stoppedWaiting(views)
		case <-ticker.C:
		}
	}
}

func (c *conversation) stoppedWaiting(views []api.OperationView) error {
	text := "stopped waiting; what was begun goes on: " + c.commandLine("operations", "list")
	if len(views) == 1 {
		text = fmt.Sprintf("stopped waiting; operation %s goes on: %s", views[0].ID, c.commandLine("operations", "show", views[0].ID))
	}
	return exitWith(exitInterrupted, errors.New(text))
}
