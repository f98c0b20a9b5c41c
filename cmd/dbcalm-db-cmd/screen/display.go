package screen

import (
	"fmt"
	"io"
	"time"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/human"
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/printable"
)

// Display shows operations to somebody who waits for them.
type Display interface {
	// Show shows them as they now are.
	Show(views []api.OperationView)
	// Note says something about the waiting itself.
	Note(text string)
	// Close leaves the last picture standing.
	Close()
}

// DisplayOn returns what fits the writer: a picture on a terminal, lines
// elsewhere.
func (s *Screen) DisplayOn(w io.Writer) Display {
	if IsTerminal(w) {
		return &picture{out: w, now: s.Now, size: terminalSize(w)}
	}
	return &lines{out: w, now: s.Now, told: map[string]*telling{}}
}

// Within a state, lines tell how far an operation is at each tenth of the way,
// and no more often than this. Where that cannot be measured, they say as often
// that the state lasts.
const (
	progressEvery = 30 * time.Second
	progressParts = 10
)

// lines tells each transition in a line of its own, and what becomes of a state
// that lasts: who reads it in a log must see that something happens.
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
	// progress is when the progress was last told, or the state began, and part the
	// number of the last tenth that was told.
	progress time.Time
	part     int64
	// began is when the state began.
	began time.Time
}

func (l *lines) Note(text string) { fmt.Fprintln(l.out, printable.Text(text)) }

func (l *lines) Close() {}

func (l *lines) Show(views []api.OperationView) {
	for _, view := range views {
		told := l.told[view.ID]
		if told == nil {
			told = &telling{seq: beforeRetry(view.Transitions), progress: l.now(), began: l.now()}
			l.told[view.ID] = told
		}
		prefix := ""
		if len(views) > 1 {
			prefix = Subject(view.OperationSummary) + "  "
		}
		l.tell(told, prefix, view)
	}
}

func (l *lines) tell(told *telling, prefix string, view api.OperationView) {
	if view.Status == api.StatusWaiting {
		if told.polls++; told.polls == 2 {
			l.Note(human.Stamp(l.now()) + "  " + prefix + "waiting for its turn")
		}
	}
	for _, t := range view.Transitions {
		if t.Seq <= told.seq {
			continue
		}
		told.seq, told.progress, told.part, told.began = t.Seq, l.now(), 0, t.At
		line := human.Stamp(t.At) + "  " + prefix + t.To
		if t.From != "" {
			line = human.Stamp(t.At) + "  " + prefix + t.From + " → " + t.To
		}
		if t.Reason != "" {
			line += ": " + human.OneLine(t.Reason)
		}
		l.Note(line)
	}
	if !view.Over() && l.now().Sub(told.progress) >= progressEvery {
		l.tellProgress(told, prefix, view)
	}
}

// tellProgress says how far a state is, where it has come further, or how long it
// lasts.
func (l *lines) tellProgress(told *telling, prefix string, view api.OperationView) {
	words := human.Span(l.now().Sub(told.began)) + " so far"
	if p := view.Progress; p != nil && p.DoneBytes > 0 {
		if p.TotalBytes > 0 {
			part := p.DoneBytes * progressParts / p.TotalBytes
			if part <= told.part {
				return
			}
			told.part = part
		}
		words = Progress(p)
	}
	told.progress = l.now()
	l.Note(human.Stamp(l.now()) + "  " + prefix + view.State + ": " + words)
}

// beforeRetry returns the number of the last transition of earlier attempts,
// which whoever retries has seen; 0 without a retry.
func beforeRetry(transitions []api.TransitionView) int64 {
	var last int64
	for _, t := range transitions {
		if t.Event == "retry" {
			last = t.Seq - 1
		}
	}
	return last
}

// Progress is how far a state is, in words.
func Progress(p *api.ProgressView) string {
	done := human.Bytes(p.DoneBytes)
	text := done
	if p.TotalBytes > 0 {
		text = fmt.Sprintf("%d %%, %s of %s", Percent(p), done, human.Bytes(p.TotalBytes))
	}
	if p.BytesPerSecond > 0 {
		text += ", " + human.Bytes(p.BytesPerSecond) + "/s"
	}
	if p.SecondsLeft != nil {
		text += ", " + human.Span(time.Duration(*p.SecondsLeft*float64(time.Second))) + " left"
	}
	return text
}

func Percent(p *api.ProgressView) int64 { return p.DoneBytes * 100 / p.TotalBytes }
