package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/screen"
	"dbcalm-db-cmd/machine/api"
)

func operationsCommand(c *conversation) *cobra.Command {
	return c.speaksToDaemon(group("operations", "Look at operations, cancel and retry them",
		operationsListCommand(c), operationsShowCommand(c), operationsWatchCommand(c), operationsLogsCommand(c),
		operationsCancelCommand(c), operationsRetryCommand(c)))
}

const (
	operationAdvice = "name an operation: one ID of operations list, or its first letters"
	abbreviation    = "ID may be cut short to as many letters as tell it from the others."
)

// longestListing is the most operations the daemon lists at once, similarIDs how
// many are shown of those that an id cut too short could be.
const (
	longestListing = 1000
	similarIDs     = 20
)

// fullIDLength is the length of an operation's id, a UUID.
const fullIDLength = 36

// findOperation connects and completes an id that may be abbreviated. One that
// matches nothing is left to the daemon to refuse.
func (c *conversation) findOperation(ctx context.Context, id string) (daemon, string, error) {
	d, err := c.connect()
	if err != nil || len(id) >= fullIDLength {
		return d, id, err
	}
	operations, err := ask(ctx, func(ctx context.Context) ([]api.OperationSummary, error) {
		return d.Operations(ctx, api.OperationFilter{Limit: similarIDs, IDPrefix: id})
	})
	if err != nil {
		return d, id, err
	}
	full, err := complete(operations, id)
	return d, full, err
}

func complete(operations []api.OperationSummary, prefix string) (string, error) {
	var matches []string
	for _, o := range operations {
		if o.ID == prefix {
			return prefix, nil
		}
		if strings.HasPrefix(o.ID, prefix) {
			matches = append(matches, fmt.Sprintf("  %s  %s", o.ID, screen.Subject(o)))
		}
	}
	switch len(matches) {
	case 0:
		return prefix, nil
	case 1:
		id, _, _ := strings.Cut(strings.TrimSpace(matches[0]), " ")
		return id, nil
	}
	return "", exitWith(exitUsage, errors.New(prefix+" could be any of these, write more of it:\n"+strings.Join(matches, "\n")))
}
