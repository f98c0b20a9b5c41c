package job

import (
	"errors"
	"fmt"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/stream"
)

// suspectOf remembers a fault for which a program's end may give a better
// reason.
func (p *pipeline) suspectOf(fault string) {
	p.suspect = fault
	p.patience.Reset(settle)
}

func (p *pipeline) mainEnded() {
	switch {
	case p.main.failure() != "" || p.main.unread != nil:
		p.fail("")
	case p.carry == nil:
	case p.carry.Direction == StreamOut:
		if p.suspect != "" {
			p.fail(p.suspect)
		} else if !p.carry.running() && p.carry.err == nil {
			p.endOfStream()
		}
	case p.carry.running() || p.carry.err != nil:
		p.fail(p.main.name + " ended before it had taken the whole stream")
	}
}

func (p *pipeline) shellEnded() {
	left := 0
	if p.taken != nil {
		left = unread(p.taken)
		_ = p.taken.Close()
	}
	name := p.shell.name
	switch failure := p.shell.failure(); {
	case failure != "":
		p.fail(name + " " + failure)
	case p.suspect != "" && p.carry.Direction == StreamIn:
		p.damaged = p.carry.altered()
		p.fail(name + " ended well, but " + p.suspect)
	case p.carry.Direction == StreamOut && (left > 0 || p.carry.sink != nil):
		p.fail(name + " ended before it had read the whole stream")
	}
}

// endOfStream lets the shell command see the end of a stream that is known to
// be whole, and measures how long it then takes to end.
func (p *pipeline) endOfStream() {
	c := p.carry
	if c.sink != nil {
		err := c.sink.Close()
		c.sink = nil
		if err != nil {
			p.fail(fmt.Sprintf("%s could not be written: %v", c.name(), err))
		}
	}
	if p.shell.running() {
		c.out.begin()
	}
}

func (p *pipeline) carryEnded() {
	c := p.carry
	var source *stream.SourceError
	var sink *stream.SinkError
	switch out := c.Direction == StreamOut; {
	case p.failed:
	case c.err == nil && out:
		if p.main == nil || !p.main.running() && p.main.failure() == "" {
			p.endOfStream()
		}
	case c.err == nil:
		// The end of its input lets the program end.
		if c.sink != nil {
			_ = c.sink.Close()
			c.sink = nil
		}
		if p.shell.running() {
			c.in.begin()
		}
	case errors.As(c.err, &sink) && out && c.Command != "":
		p.suspectOf(c.Command + " closed its input before it had read the whole stream")
	case errors.As(c.err, &sink) && out:
		p.fail(fmt.Sprintf("%s could not be written: %v%s", c.name(), sink.Err, disk.FullAdvice(sink.Err)))
	case errors.As(c.err, &sink):
		p.suspectOf(p.main.name + " closed its input before it had taken the whole stream")
	case errors.Is(c.err, errNotListed):
		p.fail(c.err.Error() + disk.FullAdvice(c.err))
	case errors.As(c.err, &source):
		p.fail(fmt.Sprintf("%s could not be read: %v", c.name(), source.Err))
	case out && !p.main.running() && p.main.failure() != "":
		p.fail("")
	case out && !p.main.running():
		p.fail(p.broken())
	case out:
		// It has closed its output; its own end tells more, if it comes.
		p.suspectOf(p.broken())
	case c.Command != "" && p.shell.running():
		p.suspectOf(fmt.Sprintf("what it gave is not the stream that was forwarded: %v", c.err))
	case c.Command != "" && p.shell.failure() != "":
		// Its end will be told of only now.
		p.fail(c.Command + " " + p.shell.failure())
	case c.Command != "":
		p.damaged = true
		p.fail(fmt.Sprintf("%s ended well, but what it gave is not the stream that was forwarded: %v", c.Command, c.err))
	default:
		p.damaged = true
		p.fail(fmt.Sprintf("%s is damaged: %v; use another chain", c.name(), c.err))
	}
}

// broken is the fault of a program whose stream is none.
func (p *pipeline) broken() string {
	return fmt.Sprintf("%s gave a stream that is not whole: %v", p.main.name, p.carry.err)
}

func (p *pipeline) checkStall() {
	c := p.carry
	if c == nil || p.failed {
		return
	}
	WriteProgress(p.folder, c.count.Plain.Load(), c.count.Stored.Load())
	name := ""
	if p.main != nil {
		name = p.main.name
	}
	if c.running() {
		if stalled := c.stalled(name); stalled != "" {
			p.fail(stalled)
		}
	} else if p.shell.running() && max(c.out.lasts(), c.in.lasts()) > c.StallTimeout {
		p.fail(fmt.Sprintf("%s has not ended within %s of the end of the stream (stall_timeout)", p.shell.name, c.StallTimeout))
	}
}
