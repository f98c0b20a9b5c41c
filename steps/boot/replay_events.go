package boot

import (
	"context"
	"fmt"
	"strings"

	"dbcalm-db-cmd/steps/job"
)

// EventsOff begins the line in which a replay names the events that it has left
// switched off.
const EventsOff = "these events are off, as on a replica, until ALTER EVENT … ENABLE: "

// shownEvents bounds the line.
const shownEvents = 20

// tellEvents names the events that do nothing: a replica switches off each that is
// created or altered by what it reads, and does not keep whether it was on.
func (a *applier) tellEvents(ctx context.Context) error {
	rows, err := a.server.db.QueryContext(ctx, `SELECT CONCAT(EVENT_SCHEMA, '.', EVENT_NAME) FROM information_schema.EVENTS `+
		`WHERE STATUS LIKE '%SIDE\_DISABLED' ORDER BY 1`)
	if err != nil {
		return a.server.gone(ctx, fmt.Errorf("replay: ask for the events: %w", err))
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return fmt.Errorf("replay: ask for the events: %w", err)
		}
		names = append(names, job.Printable([]byte(name)))
	}
	if err := rows.Err(); err != nil {
		return a.server.gone(ctx, fmt.Errorf("replay: ask for the events: %w", err))
	}
	if more := len(names) - shownEvents; more > 0 {
		names = append(names[:shownEvents], fmt.Sprintf("and %d more", more))
	}
	if len(names) > 0 {
		fmt.Fprintln(a.out, EventsOff+strings.Join(names, ", "))
	}
	return nil
}
