package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"dbcalm-db-cmd/steps/binlog"
)

// relayName is what the files of a relay log are called, with their number.
const relayName = "relay-bin"

// Laid is a relay log that was laid down.
type Laid struct {
	// Files are its files, in order; First is the position in the first of them.
	Files        []string
	Transactions int
	// Size is that of the files, in bytes.
	Size int64
	// Sure: what is laid down begins where the last applied one ended, whatever
	// happened to the replica. One that was not transactional, or changed
	// definitions, or is a half of a commit in two phases, may have been done and not
	// be noted, or the other way round.
	Sure bool
}

// Lay writes the transactions of a plan that come after what has been applied as
// the relay log of a replica into an empty folder: a replica that reads it to its
// end has done them all. Applied is the replica's position, the plan's From for
// none.
func (a *Archive) Lay(ctx context.Context, plan *Plan, applied binlog.State, folder string) (Laid, error) {
	from, err := binlog.ParseState(plan.From)
	if err != nil {
		return Laid{}, err
	}
	chain, err := a.Chain()
	if err != nil {
		return Laid{}, err
	}
	segments, err := chain.planned(plan)
	if err != nil {
		return Laid{}, err
	}
	l := layer{plan: plan, from: from, skip: newSkipper(from, applied), folder: folder}
	w := walker{archive: a, scratch: folder, begin: func(_ *Segment, file *os.File) { l.bytes = file }, end: l.copy}
	err = errors.Join(w.each(ctx, segments, l.take), l.finish())
	if err != nil {
		return Laid{}, err
	}
	if l.passed != plan.Transactions {
		return Laid{}, fmt.Errorf("%w: it has %d of the plan's %d transactions", ErrDamaged, l.passed, plan.Transactions)
	}
	if !l.skip.complete() {
		return Laid{}, fmt.Errorf("%w: the plan does not have what was applied, GTID %s", ErrDamaged, applied.PositionText())
	}
	return l.laid, nil
}

// planned returns the segments of a plan, if they still are those that it was made
// of.
func (c *Chain) planned(p *Plan) ([]*Segment, error) {
	if p.Transactions == 0 {
		return nil, nil
	}
	var list []*Segment
	for _, s := range c.Segments {
		if s.Number >= p.FirstSegment && s.Number <= p.LastSegment {
			list = append(list, s)
		}
	}
	if len(list) == 0 || list[0].Number != p.FirstSegment || list[len(list)-1].sum != p.Sum {
		return nil, fmt.Errorf("%w: the segments %d to %d are not those of the plan any more", ErrDamaged, p.FirstSegment, p.LastSegment)
	}
	return list, nil
}

// layer writes a relay log.
type layer struct {
	plan   *Plan
	folder string
	// from is what was seen where the plan begins.
	from binlog.State
	skip *skipper
	// bytes has those of the segment under way.
	bytes io.ReaderAt

	laid Laid
	file *os.File
	// source is the server's file that it stands for, format what that begins with.
	source string
	format *binlog.Format
	// first and last are what of bytes are still to be copied.
	first, last int64
	// unsure: one that was applied wrote what no rollback takes back.
	unsure bool
	// passed counts the plan's transactions, written or applied already.
	passed int
}

func (l *layer) take(s *Segment, g *binlog.Group) error {
	if l.isBefore(s, g) {
		return nil
	}
	l.passed++
	if l.skip.skips(g.GTID) {
		l.unsure = l.unsure || !g.Transactional && !g.DDL && !g.XA
	} else {
		if l.laid.Transactions == 0 {
			l.laid.Sure = !l.unsure && g.Transactional && !g.DDL && !g.XA
		}
		if err := l.write(s, g); err != nil {
			return fmt.Errorf("lay down the relay log: %w", err)
		}
	}
	if s.File == l.plan.File && g.End == l.plan.End {
		return errEnough
	}
	return nil
}

// isBefore reports whether a transaction comes before the plan's first.
func (l *layer) isBefore(s *Segment, g *binlog.Group) bool {
	if l.from.IsSet() {
		return l.from.Has(g.GTID)
	}
	// #nosec G115 -- no file has 2^63 bytes
	return s.Number == l.plan.FirstSegment && s.File == l.plan.Start.File && g.Offset < int64(l.plan.Start.Offset)
}

func (l *layer) write(s *Segment, g *binlog.Group) error {
	if l.source != s.File || l.file == nil {
		if err := l.begin(s); err != nil {
			return err
		}
	}
	l.laid.Transactions++
	l.laid.Size += g.End - g.Offset
	if begins := g.Offset - s.From; begins != l.last || l.last-l.first >= copiedAtOnce {
		if err := l.copy(); err != nil {
			return err
		}
		l.first = begins
	}
	l.last = g.End - s.From
	return nil
}

// copiedAtOnce is about how many bytes are copied at once: most transactions are
// small.
const copiedAtOnce = 1 << 20

// copy writes what was taken from the segment under way.
func (l *layer) copy() error {
	first, last := l.first, l.last
	if l.first, l.last = 0, 0; first == last {
		return nil
	}
	_, err := io.Copy(l.file, io.NewSectionReader(l.bytes, first, last-first))
	return err
}

// begin begins the file that stands for one of the server's.
func (l *layer) begin(s *Segment) error {
	if err := l.end(); err != nil {
		return err
	}
	var err error
	if l.format, err = s.format(); err != nil {
		return err
	}
	l.source = s.File
	return l.create(l.format.Opening())
}

// create creates the next file, with how it begins.
func (l *layer) create(opening []byte) error {
	name := fmt.Sprintf("%s.%06d", relayName, len(l.laid.Files)+1)
	// #nosec G304 -- in the stage, where nobody else can enter
	file, err := os.OpenFile(filepath.Join(l.folder, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	l.file = file
	l.laid.Files = append(l.laid.Files, name)
	_, err = l.file.Write(opening)
	return err
}

// finish ends the last file. One that a MySQL reads is followed by another, which has
// nothing to be cut.
func (l *layer) finish() error {
	if err := l.end(); err != nil || l.format == nil || !l.format.MySQL() {
		return err
	}
	if err := l.create(l.format.Closing()); err != nil {
		return err
	}
	return l.end()
}

func (l *layer) end() error {
	if l.file == nil {
		return nil
	}
	err := errors.Join(l.copy(), l.file.Close())
	l.file = nil
	return err
}
