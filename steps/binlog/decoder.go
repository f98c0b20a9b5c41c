package binlog

import (
	"encoding/binary"
	"math/bits"
)

// decoder reads what MySQL's library for serialization has written. Of numbers the
// lowest bits that are 1 count the bytes that follow the first.
// https://dev.mysql.com/doc/dev/mysql-server/latest/PageLibsMysqlSerialization.html
type decoder struct {
	rest []byte
	// short: there was less than was asked for, or it makes no sense.
	short bool
}

func (d *decoder) take(n uint64) []byte {
	if n > uint64(len(d.rest)) {
		d.short, d.rest = true, nil
		return nil
	}
	taken := d.rest[:n]
	d.rest = d.rest[n:]
	return taken
}

func (d *decoder) unsigned() uint64 {
	if len(d.rest) == 0 {
		d.short = true
		return 0
	}
	more := bits.TrailingZeros8(^d.rest[0])
	var number [9]byte
	// #nosec G115 -- at most 8
	copy(number[:], d.take(uint64(more)+1))
	if more == 8 {
		return binary.LittleEndian.Uint64(number[1:])
	}
	return binary.LittleEndian.Uint64(number[:]) >> (more + 1)
}

// signed reads a number whose lowest bit is its sign.
func (d *decoder) signed() int64 {
	n := d.unsigned()
	// #nosec G115 -- one bit less
	half := int64(n >> 1)
	if n&1 == 1 {
		return -half - 1
	}
	return half
}

func (d *decoder) text() string { return string(d.take(d.unsigned())) }

// bytes fills an array, whose bytes are numbers each.
func (d *decoder) bytes(into []byte) {
	for i := range into {
		n := d.unsigned()
		d.short = d.short || n > 0xff
		into[i] = byte(n & 0xff)
	}
}
