// Package transport owns the Unix socket: who may connect, how a request is
// framed, what the messages on the wire look like, and the client that speaks
// them. It decides nothing about backups: it turns one JSON object into one
// call of a Service and the call's result into one JSON object.
//
// Beside it, a Monitor tells Prometheus, and whoever asks for the daemon's
// health, on a socket of its own by which nothing can be changed.
//
// It alone imports net and the Prometheus client. Of our packages it imports machine, and of that only
// the types of requests, views and errors.
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
//   - Answers that other programs rely on are smaller than AnswerLimit.
//   - A socket path is never visible with the wrong mode or group, is never
//     taken from a program that still listens on it, and is removed only
//     while it is the file this Server made.
//   - Nobody can hold a connection for ever: reading, answering and draining
//     have time limits.
//   - A request is never logged; its command and its peer are.
//   - A Monitor listens where only this host can reach it, and remembers
//     nothing: what it tells comes from the database at every scrape.
package transport
