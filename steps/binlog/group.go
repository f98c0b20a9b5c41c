package binlog

import (
	"encoding/binary"
	"slices"
	"strings"
	"time"
)

// Group is a transaction in a binary log, or what stands for one: a statement
// that commits by itself, or a part of an XA transaction.
type Group struct {
	// Offset is where it begins in its file, End where the next one does.
	Offset, End int64
	GTID        GTID
	// Time is when it was committed, by the server's clock; before MySQL 8.0, and of
	// MariaDB, by what its client has set its session's to.
	Time time.Time
	// Transactional: nothing of it stays when it is not committed.
	Transactional bool
	// DDL: it changes definitions.
	DDL bool
	// XA: it is one of the halves of a commit in two phases.
	XA bool
	// Tables are those whose rows it changes, the first few; Query is its first
	// statement, the beginning of it, where it has one.
	Tables []string
	Query  string
	// Statements counts those that are to be executed again, in place of which no
	// rows are written. Unsafe: the words of one say that its effect may depend on more
	// than the data.
	Statements int
	Unsafe     bool
	// Incident: the server says that it lost something here.
	Incident bool
}

// The flags of a GTID event.
const (
	flagStandalone    = 1
	flagTransactional = 4
	flagDDL           = 32
	flagPreparedXA    = 64
	flagCompletedXA   = 128
)

const (
	gtidBody = 13
	// shownTables and shownQuery bound what is kept of a group.
	shownTables = 8
	shownQuery  = 200
)

// building is a group of which more is to come.
type building struct {
	group      Group
	standalone bool
	// mysql: it is one of MySQL. That says BEGIN where it is of more than one
	// statement, and many that it has.
	mysql, many bool
}

func beginGroup(e *event) (*building, error) {
	if len(e.body) < gtidBody {
		return nil, broken(e.offset, "a GTID event of %d bytes", len(e.body))
	}
	flags := e.body[12]
	return &building{standalone: flags&flagStandalone != 0, group: Group{
		Offset: e.offset, Time: e.at(),
		GTID: GTID{Domain: binary.LittleEndian.Uint32(e.body[8:]), Server: e.server, Seq: binary.LittleEndian.Uint64(e.body)},
		DDL:  flags&flagDDL != 0, Transactional: flags&flagTransactional != 0, XA: flags&(flagPreparedXA|flagCompletedXA) != 0,
	}}, nil
}

// add takes the group's next event and reports whether it is the last.
func (b *building) add(e *event, f *Format) (last bool, err error) {
	g := &b.group
	g.End = e.end
	if b.mysql {
		if last, known, err := b.addMySQL(e, f); known || err != nil {
			return last, err
		}
	}
	switch e.kind {
	case typeXID, typeXAPrepare:
		return true, nil
	case typeQuery, typeQueryCompressed:
		q, err := parseQuery(e, f)
		if err != nil {
			return false, err
		}
		if !b.standalone && q.ends() {
			return true, nil
		}
		b.note(q)
	case typeExecuteLoad:
		g.Statements++
	case typeTableMap:
		name, err := parseTableMap(e)
		if err != nil {
			return false, err
		}
		if len(g.Tables) < shownTables && !slices.Contains(g.Tables, name) {
			g.Tables = append(g.Tables, name)
		}
		return false, nil
	case typeIncident:
		g.Incident = true
	default:
		return false, nil
	}
	return b.standalone, nil
}

// addMySQL is add for what MySQL does otherwise; known says that this was such. Its
// groups do not tell beforehand of what kind they are.
func (b *building) addMySQL(e *event, f *Format) (last, known bool, err error) {
	g := &b.group
	switch e.kind {
	case typeXID:
		g.Transactional = true
		return true, true, nil
	case typeXAPrepare:
		g.Transactional, g.XA = true, true
		return true, true, nil
	case typePayload:
		b.payload(e, f)
		g.End = e.end
		return true, true, nil
	case typeIncident:
		g.Incident = true
		return !b.many, true, nil
	case typeQuery:
		q, err := parseQuery(e, f)
		switch isXA := strings.HasPrefix(q.text, "XA "); {
		case err != nil:
			return false, true, err
		case b.many:
			return false, false, nil
		case q.text == "BEGIN", strings.HasPrefix(q.text, "XA START "):
			b.many, g.XA = true, isXA
			return false, true, nil
		default:
			g.XA, g.DDL = isXA, !isXA
			b.note(q)
			return true, true, nil
		}
	}
	return false, false, nil
}

// note keeps what is to be told of a statement.
func (b *building) note(q query) {
	if q.isMark() {
		return
	}
	if b.group.Query == "" {
		b.group.Query = q.text
	}
	if !b.group.DDL {
		b.group.Statements++
		b.group.Unsafe = b.group.Unsafe || q.unsafe
	}
}
