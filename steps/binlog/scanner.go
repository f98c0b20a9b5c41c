package binlog

import (
	"errors"
	"fmt"
	"io"
)

// Part is what a Scanner finds: one group, or one event that stands outside of
// them.
type Part struct {
	// End is where the next part begins in the file.
	End int64
	// Group is the transaction; nil for an event outside.
	Group *Group
	// Format is set for the format description, State for the list of GTIDs at the
	// file's start.
	Format *Format
	State  *State
	// Next is the name of the file that comes after this one, once the server has
	// begun it. Closed: nothing comes after this part.
	Next   string
	Closed bool
}

// Scanner reads a binary log part by part. A part is told of when all of it is
// there: one that a server still writes can be asked for again.
type Scanner struct {
	reader reader
	// done is the end of the last part.
	done int64
	// open is the group of which the file has only the beginning yet.
	open *building
}

// NewScanner reads a file from its start.
func NewScanner(file io.ReaderAt) *Scanner { return &Scanner{reader: reader{file: file}} }

// ScanFrom reads a file on from where a part of it ends; format is the file's.
func ScanFrom(file io.ReaderAt, offset int64, format *Format) *Scanner {
	if offset == 0 {
		return NewScanner(file)
	}
	return &Scanner{reader: reader{file: file, next: offset, format: format}, done: offset}
}

// Format is the file's format description; nil before it has been read.
func (s *Scanner) Format() *Format { return s.reader.format }

// Offset is where the next part begins.
func (s *Scanner) Offset() int64 { return s.done }

// Counts reports whether what comes next has a GTID, or is not there yet: a MySQL
// may have given its transactions none.
func (s *Scanner) Counts() bool {
	again := s.reader.next
	e, err := s.reader.event()
	s.reader.next = again
	return err != nil || e.kind != typeMySQLAnonymous && (e.kind != typeQuery || !s.reader.format.MySQL())
}

// Next returns the next part: io.EOF where the file ends after one, ErrShort where
// it ends in one. After both it can be called again, when the file has grown.
func (s *Scanner) Next() (Part, error) {
	if s.open == nil {
		part, err := s.part()
		if err != nil || s.open == nil {
			return s.tell(part, err)
		}
	}
	return s.tell(s.group())
}

func (s *Scanner) tell(part Part, err error) (Part, error) {
	if err != nil {
		return Part{}, err
	}
	s.done = part.End
	return part, nil
}

// part reads an event outside of groups, or begins a group.
func (s *Scanner) part() (Part, error) {
	e, err := s.reader.event()
	if err != nil {
		return Part{}, err
	}
	part := Part{End: e.end}
	switch e.kind {
	case typeFormat:
		part.Format = s.reader.format
	case typeGTIDList:
		state, err := parseGTIDList(e)
		part.State = &state
		return part, err
	case typeRotate:
		part.Closed = true
		part.Next, err = parseRotate(e)
		return part, err
	case typeStop:
		part.Closed = true
	case typeCheckpoint:
	case typeEncryption:
		// A server that has decrypted what comes marks it so.
		if e.flags&flagIgnorable == 0 {
			return Part{}, ErrEncrypted
		}
	case typeMySQLPrevious:
		state, err := parsePrevious(e)
		part.State = &state
		return part, err
	case typeMySQLAnonymous:
		return Part{}, fmt.Errorf("%w, the first at %d", ErrNoGTID, e.offset)
	case typeGTID:
		s.open, err = beginGroup(e)
		return part, err
	case typeMySQLGTID, typeTaggedGTID:
		s.open, err = beginMySQL(e)
		return part, err
	default:
		switch {
		case e.kind == typeQuery && s.reader.format.MySQL():
			// One whose gtid_mode is OFF writes no event for it before MySQL 5.7.
			return Part{}, fmt.Errorf("%w, the first at %d", ErrNoGTID, e.offset)
		case e.flags&flagIgnorable != 0:
			return part, nil
		}
		return Part{}, broken(e.offset, "an event of type %d outside of a transaction", e.kind)
	}
	return part, nil
}

// group reads on in the group that is open, to its end.
func (s *Scanner) group() (Part, error) {
	for {
		e, err := s.reader.event()
		if errors.Is(err, io.EOF) {
			err = ErrShort
		}
		if err != nil {
			return Part{}, err
		}
		switch e.kind {
		case typeGTID, typeFormat, typeRotate, typeStop, typeGTIDList, typeMySQLGTID, typeTaggedGTID, typeMySQLAnonymous, typeMySQLPrevious:
			return Part{}, broken(e.offset, "the transaction %s has no end", s.open.group.GTID)
		}
		last, err := s.open.add(e, s.reader.format)
		if err != nil {
			return Part{}, err
		}
		if last {
			g := s.open.group
			s.open = nil
			return Part{End: e.end, Group: &g}, nil
		}
	}
}
