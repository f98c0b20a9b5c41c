// Package transport answers commands on the daemon's Unix sockets: how a request
// is framed, read and dispatched, and what is answered. It decides nothing about
// backups: it turns one JSON object into one call of a Service and the call's
// result into one JSON object. Its rooms, of which the upper may import the lower:
//
//	transport        connections, frames, arguments, commands, replies
//	  ├─ access      who may come in, and how many
//	  ├─ socket      paths, bound
//	  └─ wire        names, shapes and codes of what is said
//	monitor          metrics and health; on access, socket and wire
//	client           the other end; on wire
//
// They alone import net. Of our other packages they import machine/api alone.
//
// # The life of a connection
//
//	accepted ── takes one of the slots; waits for one when all are taken
//	   │
//	reading ─── gone before the first byte ──────────────► closed, no answer
//	   │  └──── no object, broken, cut off, too big, too slow ──► 400 ─┐
//	   │  └──── the daemon stops ───────────────────────────────► 503 ─┤
//	calling ─── refused, failed, panicked ──► 400 404 409 500 503 ─────┤
//	   │                                                               │
//	answering ◄────────────────────────────────────────────────────────┘
//	   │        one write, then the end of the stream
//	draining ── reads on, briefly, so that the answer is not lost to a peer
//	   │        that is still sending
//	closed
//
// # Invariants
//
//   - One request and one answer a connection. A request is complete when its
//     last brace is read: no newline, no half-close is waited for.
//   - The verdict on a request does not depend on how its bytes were split.
//   - Nobody can hold a connection for ever: reading, answering and draining
//     have time limits.
//   - A request is never logged; its command and its peer are.
package transport
