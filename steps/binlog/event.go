package binlog

import (
	"encoding/binary"
	"time"
)

// The types of the events that are told apart here; the others are part of the
// group that they stand in, and no more is known of them.
const (
	typeQuery           = 2
	typeStop            = 3
	typeRotate          = 4
	typeFormat          = 15
	typeXID             = 16
	typeExecuteLoad     = 18
	typeTableMap        = 19
	typeIncident        = 26
	typeMySQLGTID       = 33
	typeMySQLAnonymous  = 34
	typeMySQLPrevious   = 35
	typeXAPrepare       = 38
	typePayload         = 40
	typeTaggedGTID      = 42
	typeCheckpoint      = 161
	typeGTID            = 162
	typeGTIDList        = 163
	typeEncryption      = 164
	typeQueryCompressed = 165
)

// Magic is how every binary log begins.
const Magic = "\xfebin"

// encryptedMagic is how one begins that a MySQL encrypts.
const encryptedMagic = "\xfdbin"

// Of a file that a server has open, the byte at InUseAt, in its first event, has the
// bit InUse: all else that is written is never changed.
const (
	InUseAt = int64(len(Magic) + flagsAt)
	InUse   = 1
)

const (
	flagsAt      = 17
	headerSize   = 19
	checksumSize = 4
	// largestEvent is a little more than the largest max_allowed_packet.
	largestEvent = 1<<30 + 1<<20
	// flagIgnorable is set in what a reader may leave out.
	flagIgnorable = 0x80
)

// event is one event of a binary log.
type event struct {
	kind   byte
	flags  uint16
	time   uint32
	server uint32
	// offset is where it begins in its file, end where the next one does.
	offset, end int64
	// raw is all of it, body what lies between header and checksum.
	raw, body []byte
}

// at is when the event was written, by the server's clock or by what a client
// has set its session's to.
func (e *event) at() time.Time { return time.Unix(int64(e.time), 0).UTC() }

// parseHeader reads what comes before an event's body, but for its length.
func parseHeader(raw []byte) event {
	return event{
		time: binary.LittleEndian.Uint32(raw), kind: raw[4], server: binary.LittleEndian.Uint32(raw[5:]),
		flags: binary.LittleEndian.Uint16(raw[flagsAt:]), raw: raw,
	}
}

func eventLength(header []byte) int64 { return int64(binary.LittleEndian.Uint32(header[9:])) }
