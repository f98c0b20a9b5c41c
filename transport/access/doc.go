// Package access owns who may come in and how many: whom the kernel says is at
// the other end of a socket (Peer), who of them may send which commands
// (Policy), and how places, turns and lines of the log are shared out among the
// users (Gate, Turns, Quota).
//
// It may import machine/api, for its refusals and for what operations remember of
// who asked. It knows no command and reads no request.
//
// What must stay true:
//
//   - Whom the kernel does not name may do nothing.
//   - No configuration shuts out root or the daemon's own user, and no other user
//     can take their places.
//   - Whatever is kept of users is bounded, however many there are.
package access
