package binlog

import (
	"encoding/binary"
	"encoding/hex"
	"time"
)

// Where MySQL's GTID event has what, behind its flags: what comes after the GTID is
// not there in older ones. A commit's time has 7 bytes, of which the highest bit
// says that another one follows.
// https://dev.mysql.com/doc/dev/mysql-server/latest/classmysql_1_1binlog_1_1event_1_1Gtid__event.html
const (
	mysqlUUIDAt    = 1
	mysqlSeqAt     = mysqlUUIDAt + uuidSize
	mysqlGTIDBody  = mysqlSeqAt + numberSize
	commitTimeAt   = mysqlGTIDBody + 1 + 2*numberSize
	commitTimeSize = 7
	commitTimeMask = 1<<55 - 1
)

// beginMySQL is beginGroup for MySQL.
func beginMySQL(e *event) (*building, error) {
	b := &building{mysql: true, group: Group{Offset: e.offset, Time: e.at()}}
	if e.kind == typeTaggedGTID {
		return b, b.tagged(e)
	}
	if len(e.body) < mysqlGTIDBody {
		return nil, broken(e.offset, "a GTID event of %d bytes", len(e.body))
	}
	b.group.GTID = GTID{Source: uuid(e.body[mysqlUUIDAt:]), Seq: binary.LittleEndian.Uint64(e.body[mysqlSeqAt:])}
	if len(e.body) >= commitTimeAt+commitTimeSize {
		var number [8]byte
		copy(number[:], e.body[commitTimeAt:commitTimeAt+commitTimeSize])
		b.committed(binary.LittleEndian.Uint64(number[:]) & commitTimeMask)
	}
	return b, b.checkSeq(e)
}

// The fields of a tagged GTID event that are read, by their numbers; they come in
// this order.
const (
	fieldFlags = iota
	fieldUUID
	fieldSeq
	fieldTag
	fieldLastCommitted
	fieldSequence
	fieldCommitTime
)

// tagged reads a GTID event whose GTID may have a tag.
func (b *building) tagged(e *event) error {
	d := decoder{rest: e.body}
	// The format's version, the size, and which field must be known.
	d.unsigned()
	d.unsigned()
	d.unsigned()
	var bytes [uuidSize]byte
	var tag string
	for known := true; known && !d.short && len(d.rest) > 0; {
		switch d.unsigned() {
		case fieldFlags:
			d.unsigned()
		case fieldUUID:
			d.bytes(bytes[:])
		case fieldSeq:
			// #nosec G115 -- checkSeq refuses what is below 0
			b.group.GTID.Seq = uint64(d.signed())
		case fieldTag:
			tag = d.text()
		case fieldLastCommitted, fieldSequence:
			d.signed()
		case fieldCommitTime:
			b.committed(d.unsigned())
		default:
			known = false
		}
	}
	if d.short {
		return broken(e.offset, "a tagged GTID event that is not to be understood")
	}
	b.group.GTID.Source = withTag(uuid(bytes[:]), tag)
	return b.checkSeq(e)
}

func (b *building) checkSeq(e *event) error {
	if seq := b.group.GTID.Seq; seq == 0 || seq >= 1<<63 {
		return broken(e.offset, "a GTID with the number %d", seq)
	}
	return nil
}

// committed notes when the server committed it, in microseconds: that is its own
// clock's time, whatever a client has set its session's to. It is kept in whole
// seconds, as older servers tell it.
func (b *building) committed(micro uint64) {
	const second = 1_000_000
	if micro >= second {
		// #nosec G115 -- 56 bits, divided
		b.group.Time = time.Unix(int64(micro/second), 0).UTC()
	}
}

// uuid is the text of what raw begins with.
func uuid(raw []byte) string {
	var text [36]byte
	at := 0
	for i, part := range [][]byte{raw[:4], raw[4:6], raw[6:8], raw[8:10], raw[10:uuidSize]} {
		if i > 0 {
			text[at] = '-'
			at++
		}
		at += hex.Encode(text[at:], part)
	}
	return string(text[:])
}

func withTag(uuid, tag string) string {
	if tag == "" {
		return uuid
	}
	return uuid + ":" + tag
}
