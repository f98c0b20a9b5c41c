package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"dbcalm-db-cmd/steps/binlog"
	"dbcalm-db-cmd/steps/server"
)

// Resolve finds out what brings a backup whose data stands at a position to a
// moment. The backup was ended at a time. It reads all that lies between them, and
// needs room for a segment at a time in the archive's folder.
func (a *Archive) Resolve(ctx context.Context, start server.Position, taken time.Time, to Moment) (*Plan, error) {
	behind := a.flush(ctx)
	chain, err := a.Chain()
	if err != nil {
		return nil, err
	}
	begin, first, err := chain.locate(start, taken)
	if err != nil {
		return nil, err
	}
	plan := &Plan{Moment: to.String(), Start: start}
	c := &chooser{moment: to, plan: plan}
	segments := chain.contiguous(first)
	state := chain.Segments[first].before
	walk := walker{archive: a, scratch: a.Folder}
	var cutIn *Segment
	err = walk.each(ctx, segments, func(s *Segment, g *binlog.Group) error {
		// The rest of the segment is looked at for clocks that went back.
		if cutIn != nil && s != cutIn {
			return errEnough
		}
		if plan.FirstSegment == 0 || begin.has.IsSet() {
			if err := begin.agrees(s, g, state); err != nil {
				return err
			}
		}
		if !begin.precedes(s, g) {
			state.Add(g.GTID)
			return nil
		}
		if plan.FirstSegment == 0 {
			state = begin.stands(state)
			plan.FirstSegment, plan.From = s.Number, state.PositionText()
		}
		if c.take(s, g) {
			plan.LastSegment, plan.Sum = s.Number, s.sum
			state.Add(g.GTID)
			return nil
		}
		cutIn = s
		return nil
	})
	if err != nil {
		return nil, err
	}
	if plan.FirstSegment == 0 {
		state = begin.stands(state)
	}
	plan.GTID, plan.Seconds = state.PositionText(), a.estimate(plan.Size)
	for _, s := range segments {
		if cutIn != nil && s.Number > cutIn.Number {
			c.pass(s)
		}
	}
	plan.Notes = c.notes()
	if behind != nil && cutIn == nil {
		plan.Notes = append(plan.Notes, fmt.Sprintf("what the server committed last may be missing from the archive: %v", behind))
	}
	for _, s := range segments {
		if s.Number >= plan.FirstSegment && s.Number <= plan.LastSegment {
			plan.Stored += s.StoredSize
		}
	}
	if plan.Transactions == 0 {
		plan.From = plan.GTID
	}
	if err := c.proveAfter(start, taken); err != nil {
		return nil, err
	}
	return plan, c.proveReached(chain, segments, cutIn != nil)
}

// flushLimit is how long a plan waits for what the archive is behind.
const flushLimit = 2 * time.Minute

// flush has the archive catch up, and says why it may not have.
func (a *Archive) flush(ctx context.Context) error {
	if a.Flush == nil {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, flushLimit, fmt.Errorf("it was not read to its end within %s", flushLimit))
	defer cancel()
	return a.Flush(ctx)
}

// proveAfter refuses a moment before that of the backup.
func (c *chooser) proveAfter(start server.Position, taken time.Time) error {
	if c.plan.Transactions > 0 {
		return nil
	}
	// #nosec G115 -- no file has 2^63 bytes
	early := c.moment.File == start.File && c.moment.Offset < int64(start.Offset) && c.moment.File != "" ||
		!c.moment.Time.IsZero() && c.moment.Time.Before(taken.Truncate(time.Second))
	if early {
		return fmt.Errorf("%w: %s is before the backup: restore an older one", ErrOutside, c.moment)
	}
	return nil
}

// errEnough ends a walk early.
var errEnough = errors.New("no more is needed")

// contiguous returns the segments from one on to the end of its range.
func (c *Chain) contiguous(first int) []*Segment {
	end := first + 1
	for end < len(c.Segments) && c.Segments[end].Break == "" {
		end++
	}
	return c.Segments[first:end]
}

// proveReached refuses a moment that the range does not come to.
func (c *chooser) proveReached(chain *Chain, segments []*Segment, reached bool) error {
	last := segments[len(segments)-1]
	why := ""
	// #nosec G115 -- less than the number of segments there are
	if next := int(last.Number - chain.Segments[0].Number + 1); next < len(chain.Segments) {
		why = ": " + chain.Segments[next].Break
	}
	ends := fmt.Sprintf("what can be restored from this backup ends with %s, read at %s%s",
		named(last.after), last.ReadAt.Format(timeForm), why)
	switch {
	case c.moment == Moment{} && why != "":
		c.plan.Notes = append(c.plan.Notes, ends+": what was archived after that cannot be reached from this backup")
	case c.moment.GTID != nil && !c.cut:
		return fmt.Errorf("%w: GTID %s is not after the backup: %s", ErrOutside, c.moment.GTID, ends)
	case c.moment.File != "" && !reached && !covers(segments, c.moment):
		return fmt.Errorf("%w: %s is not after the backup: %s", ErrOutside, c.moment, ends)
	case !c.moment.Time.IsZero() && !reached && why != "" && c.moment.Time.After(last.ReadAt):
		return fmt.Errorf("%w: %s", ErrOutside, ends)
	case !c.moment.Time.IsZero() && c.moment.Time.After(time.Now()):
		return fmt.Errorf("%w: %s is in the future: write latest for all that there is", ErrOutside, c.moment)
	case !c.moment.Time.IsZero() && !reached && c.moment.Time.After(last.ReadAt):
		c.plan.Notes = append(c.plan.Notes, fmt.Sprintf("the archive was last read at %s and ends there: whether the server committed "+
			"more until %s is not known", last.ReadAt.Format(timeForm), c.moment.Time.Format(timeForm)))
	}
	return nil
}

// covers reports whether a position lies in the segments.
func covers(segments []*Segment, m Moment) bool {
	return slices.ContainsFunc(segments, func(s *Segment) bool {
		return s.File == m.File && m.Offset >= s.From && m.Offset <= s.To
	})
}

// walker reads the transactions of segments, one segment at a time.
type walker struct {
	archive *Archive
	scratch string
	// begin is called with each segment when its bytes are in the file, end when all
	// of it that is wanted has been visited; both may be nil.
	begin func(s *Segment, file *os.File)
	end   func() error
}

// each calls visit for each transaction of the segments, in order, until that
// returns errEnough.
func (w walker) each(ctx context.Context, segments []*Segment, visit func(*Segment, *binlog.Group) error) error {
	file, err := os.CreateTemp(w.scratch, ".segment-")
	if err != nil {
		return fmt.Errorf("read the archive: %w", err)
	}
	defer file.Close()
	// It has no name from here on, and is gone with us.
	if err := os.Remove(file.Name()); err != nil {
		return fmt.Errorf("read the archive: %w", err)
	}
	for _, s := range segments {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := w.archive.unpack(ctx, s, file); err != nil {
			return err
		}
		if w.begin != nil {
			w.begin(s, file)
		}
		err := eachGroup(file, s, func(g *binlog.Group) error { return visit(s, g) })
		enough := errors.Is(err, errEnough)
		if err != nil && !enough {
			return err
		}
		if w.end != nil {
			if err := w.end(); err != nil {
				return err
			}
		}
		if enough {
			return nil
		}
	}
	return nil
}

func eachGroup(file io.ReaderAt, s *Segment, visit func(*binlog.Group) error) error {
	scanner, err := scanSegment(file, s)
	if err != nil {
		return err
	}
	for {
		part, err := scanner.Next()
		if errors.Is(err, io.EOF) && scanner.Offset() == s.To {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: segment %d: %w", ErrDamaged, s.Number, err)
		}
		if part.Group == nil {
			continue
		}
		if err := visit(part.Group); err != nil {
			return err
		}
	}
}
