package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"dbcalm-db-cmd/steps/binlog"
)

// place is where the collector reads on: in an open file, behind the last part
// that is in the archive.
type place struct {
	name    string
	file    File
	scanner *binlog.Scanner
	// begin is what the next segment begins with, but for its number.
	begin Segment
}

// opening is the beginning of a file: what the server writes first.
type opening struct {
	format *binlog.Format
	state  binlog.State
}

// errUnborn: the server has made the file and not written its beginning yet.
var errUnborn = errors.New("the file has no beginning yet")

// readOpening reads the beginning of a file.
func readOpening(file io.ReaderAt) (o opening, err error) {
	scanner := binlog.NewScanner(file)
	for {
		part, err := scanner.Next()
		if errors.Is(err, io.EOF) || errors.Is(err, binlog.ErrShort) {
			return o, errUnborn
		}
		if err != nil {
			return o, err
		}
		switch {
		case part.Format != nil:
			o.format = part.Format
		case part.State != nil:
			o.state = *part.State
			if !scanner.Counts() {
				return o, binlog.ErrNoGTID
			}
			return o, nil
		case part.Group != nil:
			return o, fmt.Errorf("%w: it has no list of GTIDs at its start", binlog.ErrBroken)
		}
	}
}

// find finds where the archive goes on: in the file that the last segment is of,
// or in the next one; where neither can be told, with a break.
func (c *Collector) find(ctx context.Context, chain *Chain) (*place, error) {
	names, err := c.source.Files(ctx)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, errors.New("the server lists no binary log")
	}
	last := chain.Last()
	if last == nil {
		return c.openFirst(ctx, names, chain)
	}
	was := unlisted
	if last.Closed {
		was = readWhole
	}
	if at := slices.Index(names, last.File); at >= 0 && !c.replaced(last) {
		p, became, err := c.resume(ctx, names[at], last, at+1 < len(names))
		if err != nil || p != nil {
			return p, err
		}
		if was = became; was != another {
			names = names[at+1:]
		}
		if len(names) == 0 {
			return nil, errUnborn
		}
	}
	return c.openNext(ctx, names, last, was)
}

// end is what became of the file of the last segment.
type end int

const (
	// unlisted: the server has it no more, and wrote into it last as far as is known.
	unlisted end = iota
	// readWhole: it has been read to its end, and the server writes into a later one.
	readWhole
	// leftUnread: the rest of it cannot be read, and the server writes into a later one.
	leftUnread
	// another has its name: the log has begun anew, and no file of it goes on.
	another
)

// resume goes on in the file of the last segment, or says what became of that.
func (c *Collector) resume(ctx context.Context, name string, last *Segment, later bool) (p *place, became end, err error) {
	file, err := c.source.Open(ctx, name)
	if err != nil {
		return nil, another, err
	}
	o, err := readOpening(file)
	same := false
	if err == nil && o.format.Same(last.Header) {
		same, err = last.isIn(file)
	}
	switch {
	case err != nil:
	case !same:
		became = another
	case last.Closed, later && endsAt(file, last.To, o.format):
		became = readWhole
	case later && !binlog.ScanFrom(file, last.To, o.format).Counts():
		became = leftUnread
	default:
		return &place{name: name, file: file, scanner: binlog.ScanFrom(file, last.To, o.format), begin: Segment{
			Epoch: last.Epoch, Server: c.server.Server, File: name, From: last.To, To: last.To,
			Version: o.format.Version, Header: o.format.Raw, before: last.after,
		}}, unlisted, nil
	}
	return nil, became, errors.Join(err, file.Close())
}

// isIn reports whether a file of a server holds the bytes of a segment. Two servers
// that were made in the same second begin their files alike, and a crash may have
// taken from a file what was archived of it.
func (s *Segment) isIn(file io.ReaderAt) (bool, error) {
	if s.From > binlog.InUseAt {
		return s.isText(io.NewSectionReader(file, s.From, s.Size))
	}
	start := make([]byte, binlog.InUseAt+1-s.From)
	if _, err := file.ReadAt(start, s.From); err != nil {
		return false, fmt.Errorf("read binary log: %w", err)
	}
	// The mark that the server has it open may have been there then, and be gone.
	for range 2 {
		same, err := s.isText(io.MultiReader(bytes.NewReader(start), io.NewSectionReader(file, binlog.InUseAt+1, s.To-binlog.InUseAt-1)))
		if same || err != nil {
			return same, err
		}
		start[len(start)-1] ^= binlog.InUse
	}
	return false, nil
}

// isText reports whether a text is that of a segment.
func (s *Segment) isText(text io.Reader) (bool, error) {
	sum := sha256.New()
	if _, err := io.Copy(sum, text); err != nil {
		return false, fmt.Errorf("read binary log: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)) == s.SHA256, nil
}

// endsAt reports whether no whole part of a file lies behind a place in it. What a
// server has not written whole it takes back when it starts again; after a power
// cut that may be anything. If it was more, the next file does not go on here.
func endsAt(file io.ReaderAt, offset int64, format *binlog.Format) bool {
	_, err := binlog.ScanFrom(file, offset, format).Next()
	return errors.Is(err, io.EOF) || errors.Is(err, binlog.ErrShort) || errors.Is(err, binlog.ErrBroken)
}

// openFirst begins an archive with the oldest file there is.
func (c *Collector) openFirst(ctx context.Context, names []string, chain *Chain) (*place, error) {
	p, o, err := c.open(ctx, names[0])
	for isPassed(err) && len(names) > 1 {
		names = names[1:]
		p, o, err = c.open(ctx, names[0])
	}
	if err != nil {
		return nil, err
	}
	p.begin.Epoch, p.begin.Break, p.begin.before = 1, "the archive begins here", o.state
	if len(chain.Problems) > 0 {
		p.begin.Break = "what was archived before is not believed: " + chain.Problems[0]
	}
	return p, nil
}

// isPassed reports whether an archive can go on behind a file: it was left before
// anything was written into it, or what is in it cannot be archived.
func isPassed(err error) bool {
	return errors.Is(err, errUnborn) || errors.Is(err, binlog.ErrNoGTID) || errors.Is(err, binlog.ErrEncrypted)
}

// openNext opens the file that goes on where the last segment ended; without one,
// the oldest, and says why there is a break. Was is what became of the last segment's
// file.
func (c *Collector) openNext(ctx context.Context, names []string, last *Segment, was end) (*place, error) {
	var first opening
	goesOn := was != another && !c.replaced(last)
	oldest, before := "", last.File
	for i, name := range names {
		p, o, err := c.open(ctx, name)
		if isPassed(err) && i+1 < len(names) {
			if errors.Is(err, errUnborn) && isNext(name, before) {
				before = name
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		// Equal GTIDs are no proof alone: a log that was reset may have counted as far
		// again, in files that are gone. And those of a MySQL do not tell of transactions
		// that have none.
		if goesOn && isNext(name, before) && (was == readWhole || !o.format.MySQL()) && o.state.Equal(last.after) {
			p.begin.Epoch, p.begin.before = last.Epoch, o.state
			return p, nil
		}
		if oldest == "" {
			first, oldest = o, name
		}
		if err := p.file.Close(); err != nil {
			return nil, fmt.Errorf("close binary log: %w", err)
		}
	}
	p, _, err := c.open(ctx, oldest)
	if err != nil {
		return nil, err
	}
	p.begin.before = first.state
	p.begin.Epoch, p.begin.Break = last.Epoch+1, c.whyNew(last, first)
	switch goesOn = goesOn && mayFollow(oldest, last.File); {
	case goesOn && first.state.Equal(last.after):
		p.begin.Epoch, p.begin.Break = last.Epoch, fmt.Sprintf("gap: the rest of %s, or a file after it, was gone from the server before "+
			"it was read, or has transactions without a GTID", last.File)
	case goesOn && first.state.Contains(last.after):
		p.begin.Epoch, p.begin.Break = last.Epoch, fmt.Sprintf("gap: what came after %s was gone from the server before it was read; "+
			"the oldest that it still has comes after %s", named(last.after), named(first.state))
	}
	return p, nil
}

// mayFollow reports whether a file can be a later one than another by their names:
// the numbers of a log that begins anew do so, too, whatever its list of GTIDs says.
func mayFollow(name, last string) bool {
	base, number, _ := cutNumber(name)
	lastBase, lastNumber, numbered := cutNumber(last)
	return base != lastBase || !numbered || number > lastNumber
}

// isNext reports whether a server makes a file right after another.
func isNext(name, last string) bool {
	base, number, _ := cutNumber(name)
	lastBase, lastNumber, numbered := cutNumber(last)
	return base == lastBase && numbered && number == lastNumber+1
}

// cutNumber cuts the number of a file from its name.
func cutNumber(name string) (base string, number uint64, numbered bool) {
	at := strings.LastIndexByte(name, '.')
	number, err := strconv.ParseUint(name[at+1:], 10, 64)
	if at < 0 || err != nil {
		return name, 0, false
	}
	return name[:at], number, true
}

// whyNew says why a new epoch begins.
func (c *Collector) whyNew(last *Segment, first opening) string {
	if c.restored.After(last.ReadAt) {
		// A MySQL has another UUID then.
		return "a backup was restored into the data directory at " + c.restored.UTC().Format(timeForm)
	}
	if last.Server != c.server.Server {
		return "it is another server's binary log"
	}
	return fmt.Sprintf("the server's binary log begins anew after %s, and what was archived ends with %s: it was reset, "+
		"or the server was made anew", named(first.state), named(last.after))
}

// replaced reports whether other data has come into the data directory since the
// segment was read, or another server has.
func (c *Collector) replaced(last *Segment) bool {
	return c.restored.After(last.ReadAt) || last.Server != c.server.Server
}

// open opens a file to be read from its start.
func (c *Collector) open(ctx context.Context, name string) (*place, opening, error) {
	file, err := c.source.Open(ctx, name)
	if err != nil {
		return nil, opening{}, err
	}
	o, err := readOpening(file)
	if err != nil {
		return nil, o, errors.Join(fmt.Errorf("%s: %w", name, err), file.Close())
	}
	return &place{name: name, file: file, scanner: binlog.NewScanner(file),
		begin: Segment{Server: c.server.Server, File: name, Version: o.format.Version, Header: o.format.Raw}}, o, nil
}

// named is a state for people.
func named(s binlog.State) string {
	if text := s.PositionText(); text != "" {
		return "GTID " + text
	}
	return "the log's very start"
}
