package stream

import "sync"

// blockSize is how much is compressed at a time, in bytes.
const blockSize = 1 << 20

// room is the buffer of a block.
type room [blockSize]byte

// rooms keeps those that are not in use, for the many small files of a folder.
var rooms = sync.Pool{New: func() any { return new(room) }}

func takeRoom() *room { return rooms.Get().(*room) }

// giveRoom takes a room back, nil too.
func giveRoom(r *room) {
	if r != nil {
		rooms.Put(r)
	}
}
