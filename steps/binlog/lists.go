package binlog

import "encoding/binary"

// MariaDB's list of GTIDs at a file's start: a number of entries with flags in its
// highest bits, then the entries.
const (
	gtidListFlags = 0xf0000000
	gtidListEntry = 16
)

func parseGTIDList(e *event) (State, error) {
	var s State
	if len(e.body) < 4 {
		return s, broken(e.offset, "a list of GTIDs of %d bytes", len(e.body))
	}
	n := int64(binary.LittleEndian.Uint32(e.body) &^ gtidListFlags)
	rest := e.body[4:]
	if n*gtidListEntry > int64(len(rest)) {
		return s, broken(e.offset, "a list of %d GTIDs in %d bytes", n, len(rest))
	}
	for ; n > 0; n, rest = n-1, rest[gtidListEntry:] {
		s.Add(GTID{Domain: binary.LittleEndian.Uint32(rest), Server: binary.LittleEndian.Uint32(rest[4:]),
			Seq: binary.LittleEndian.Uint64(rest[8:])})
	}
	return s, nil
}

// MySQL's: a number of sources, each with its numbers, of which the last one of a
// span is told by the one after it. Where tags may come, the outermost bytes of that number are 1, and
// every UUID has a tag behind it, which may be empty.
// https://dev.mysql.com/doc/dev/mysql-server/latest/classGtid__set.html
const (
	uuidSize   = 16
	numberSize = 8
	taggedList = 1
)

func parsePrevious(e *event) (State, error) {
	var s State
	rest := e.body
	short := func() (State, error) { return State{}, broken(e.offset, "a list of GTIDs of %d bytes", len(e.body)) }
	if len(rest) < numberSize {
		return short()
	}
	sources, tagged := binary.LittleEndian.Uint64(rest), rest[numberSize-1] == taggedList
	if tagged {
		sources = sources << 8 >> 16
	}
	for rest = rest[numberSize:]; sources > 0; sources-- {
		if len(rest) < uuidSize {
			return short()
		}
		source := uuid(rest)
		rest = rest[uuidSize:]
		if tagged {
			d := decoder{rest: rest}
			source = withTag(source, d.text())
			if rest = d.rest; d.short {
				return short()
			}
		}
		if len(rest) < numberSize {
			return short()
		}
		spans := binary.LittleEndian.Uint64(rest)
		if rest = rest[numberSize:]; spans > uint64(len(rest)/(2*numberSize)) {
			return short()
		}
		for ; spans > 0; spans, rest = spans-1, rest[2*numberSize:] {
			first, behind := binary.LittleEndian.Uint64(rest), binary.LittleEndian.Uint64(rest[numberSize:])
			if first == 0 || behind <= first || behind > 1<<63 {
				return State{}, broken(e.offset, "a list with the GTIDs from %d to before %d", first, behind)
			}
			s.set.add(source, span{first, behind - 1})
		}
	}
	return s, nil
}
