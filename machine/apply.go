package machine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/looplab/fsm"

	"dbcalm-db-cmd/machine/definition"
	"dbcalm-db-cmd/persistence"
)

// apply makes a decision true: looplab/fsm, rebuilt from the stored state,
// says whether the event is possible and where it leads, and its
// before_event writes the change. A refused write cancels the event.
func (a *attempt) apply(ctx context.Context, what decision) (persistence.Operation, error) {
	o := a.operation
	after := o
	table := fsm.NewFSM(o.State, tableOf(a.run.definition), fsm.Callbacks{
		"before_event": func(ctx context.Context, e *fsm.Event) {
			write, cancel := context.WithTimeout(ctx, writeTimeout)
			defer cancel()
			var err error
			if after, err = a.store.Apply(write, a.change(what, e.Dst)); err != nil {
				e.Cancel(err)
			}
		},
	})
	// A context that ends inside Event would leave the table unusable.
	err := table.Event(context.WithoutCancel(ctx), what.event)
	var same fsm.NoTransitionError
	var refused fsm.CanceledError
	var elsewhere fsm.InvalidEventError
	var nowhere fsm.UnknownEventError
	switch {
	case err == nil, errors.As(err, &same):
		return after, nil
	case errors.As(err, &refused):
		return o, refused.Err
	case errors.As(err, &elsewhere), errors.As(err, &nowhere):
		return o, fmt.Errorf("%w: %w", errNoWay, err)
	}
	return o, fmt.Errorf("operation %s: %w", o.ID, err)
}

// tableOf returns a definition's transition table for looplab/fsm.
func tableOf(d *definition.Definition) fsm.Events {
	var events fsm.Events
	for _, e := range d.Edges() {
		events = append(events, fsm.EventDesc{Name: e.Event, Src: []string{e.From}, Dst: e.To})
	}
	return events
}

// errNoWay: the definition has no edge for the event. A definition that an
// earlier version of this program stored does not know what steps have learnt
// since.
var errNoWay = errors.New("the machine has no way on")

// change translates a decision into what is written.
func (a *attempt) change(what decision, to string) persistence.Change {
	o, target := a.operation, a.run.definition.States[to]
	c := persistence.Change{
		OperationID: o.ID, Seq: o.Seq, From: o.State, Event: what.event, To: to, At: time.Now().UTC(), Reason: what.reason,
		Status: persistence.Running, Attempt: o.Attempt, Data: o.Data, FailedIn: o.FailedIn, Error: o.Error,
		HonourCancel: a.state.Cancel != "" && what.event != definition.EventCancel,
		JobID:        what.jobID, AdoptedJob: what.adopted, Result: what.result,
		OweOnFinish: a.host.Jobs.OnFinish != "" && target.End != "",
	}
	switch {
	case target.End == persistence.Succeeded:
		// What went wrong before a retry is told by the transitions.
		c.Status, c.FailedIn, c.Error = target.End, "", ""
	case target.End != "":
		c.Status = target.End
	case to == a.run.definition.Initial:
		c.Status = persistence.Waiting
	}
	switch what.event {
	case definition.EventStart:
		// Of two that begin at once, the one that was accepted first began first.
		c.At = a.run.launched
	case definition.EventRedo, definition.EventRewind, definition.EventRetry:
		c.Attempt++
	case definition.EventCancel:
		c.Error = "cancelled as requested"
	}
	if what.failure != "" {
		c.FailedIn = o.State
		if c.Error != "" {
			what.failure = c.Error + "\nthen " + what.failure
		}
		c.Error = what.failure
	}
	if what.outcome != nil {
		if data, err := json.Marshal(what.outcome.Data); err == nil {
			c.Data = data
		}
		c.Backup, c.Restore, c.DeleteBackup = what.outcome.Backup, what.outcome.Restore, what.outcome.DeleteBackup
		c.Verdicts = what.outcome.Verdicts
	}
	if what.damage != nil {
		c.Verdicts = append(c.Verdicts, what.damage.Verdict())
	}
	return c
}
