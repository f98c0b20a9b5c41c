package main

import (
	"fmt"
	"io"
	"time"

	"dbcalm-db-cmd/machine"
	"dbcalm-db-cmd/steps/printable"
)

// display shows operations to somebody who waits for them.
type display interface {
	// show shows them as they now are.
	show(views []machine.OperationView)
	// note says something about the waiting itself.
	note(text string)
	// close leaves the last picture standing.
	close()
}

// displayOn returns what fits the writer: a picture on a terminal, lines
// elsewhere.
func (a *app) displayOn(w io.Writer) display {
	if isTerminal(w) {
		return &picture{out: w, now: a.now, size: terminalSize(w)}
	}
	return &lines{out: w, now: a.now, told: map[string]*telling{}}
}

// progressEvery is how often lines tell how far an operation is.
const progressEvery = 30 * time.Second

// lines tells each transition in a line of its own.
type lines struct {
	out  io.Writer
	now  func() time.Time
	told map[string]*telling
}

// telling is what has been told of an operation so far.
type telling struct {
	seq int64
	// polls counts the polls that found it waiting: at the first it may only
	// not have begun yet.
	polls int
	// progress is when the progress was last told, or the state began.
	progress time.Time
}

func (l *lines) note(text string) { fmt.Fprintln(l.out, printable.Text(text)) }

func (l *lines) close() {}

func (l *lines) show(views []machine.OperationView) {
	for _, view := range views {
		told := l.told[view.ID]
		if told == nil {
			told = &telling{seq: beforeRetry(view.Transitions), progress: l.now()}
			l.told[view.ID] = told
		}
		prefix := ""
		if len(views) > 1 {
			prefix = subject(view.OperationSummary) + "  "
		}
		l.tell(told, prefix, view)
	}
}

func (l *lines) tell(told *telling, prefix string, view machine.OperationView) {
	if view.Status == "waiting" {
		if told.polls++; told.polls == 2 {
			l.note(stamp(l.now()) + "  " + prefix + "waiting for its turn")
		}
	}
	for _, t := range view.Transitions {
		if t.Seq <= told.seq {
			continue
		}
		told.seq, told.progress = t.Seq, l.now()
		line := stamp(t.At) + "  " + prefix + t.To
		if t.From != "" {
			line = stamp(t.At) + "  " + prefix + t.From + " → " + t.To
		}
		if t.Reason != "" {
			line += ": " + oneLine(t.Reason)
		}
		l.note(line)
	}
	if p := view.Progress; p != nil && p.DoneBytes > 0 && l.now().Sub(told.progress) >= progressEvery {
		told.progress = l.now()
		l.note(stamp(l.now()) + "  " + prefix + view.State + ": " + progressText(p))
	}
}

// progressText is how far a state is, in words.
func progressText(p *machine.ProgressView) string {
	done := byteSize(p.DoneBytes).readable()
	text := done
	if p.TotalBytes > 0 {
		text = fmt.Sprintf("%d %%, %s of %s", percent(p), done, byteSize(p.TotalBytes).readable())
	}
	if p.BytesPerSecond > 0 {
		text += ", " + byteSize(p.BytesPerSecond).readable() + "/s"
	}
	if p.SecondsLeft != nil {
		text += ", " + span(time.Duration(*p.SecondsLeft*float64(time.Second))) + " left"
	}
	return text
}

func percent(p *machine.ProgressView) int64 { return p.DoneBytes * 100 / p.TotalBytes }
