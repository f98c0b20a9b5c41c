// Package steps is what happens to the host: checks, the tools' command
// lines, the jobs that run them, and the files they leave. It asks the
// database server through the Go MySQL driver and alone starts programs.
//
// A step is the work of one state of a machine. It is told of its operation
// by a Task and returns an Outcome; it writes no state of the operation
// itself, and may be called again after a crash at any point.
//
//	            Job                            Run
//	daemon ── Launch ──▶ supervisor        work done in the daemon,
//	   │  identity recorded │              run again after a crash
//	   ├──── Release ──────▶├─▶ tool
//	   ├──── Wait ◀── result.json
//	   ▼
//	 Finish
//
// The supervisor outlives the daemon, and the tool dies with the supervisor. A
// daemon that starts again adopts the supervisor by its identity.
//
// What must stay true:
//
//   - Nothing is written before everything that can be checked has been.
//   - Work lies in a private folder until one rename publishes it; no rename
//     ever replaces anything.
//   - A stored backup is only read. Nothing is removed that the operation has
//     not made.
//   - How a backup is stored is decided once, when it is validated. What came
//     through a pipe counts when every program of it has ended well.
//   - A pid is never trusted or signalled without its start time and boot.
//
// It imports the record types of persistence, and of ours nothing else but what
// lies below it: stream, which compresses and walks, and crashpoint.
package steps
