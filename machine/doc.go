// Package machine drives operations through machines declared as data.
//
// A definition (package machine/definition) says for each state which step
// works in it, where each outcome leads, and what happens when it is
// interrupted. The Manager accepts commands, queues operations, runs one goroutine for each
// that is under way, and on start carries on what an earlier daemon left.
//
//	command ─▶ accept ─▶ waiting ─▶ running ─▶ succeeded
//	                        │          │  ▲       failed ──retry──▶ waiting
//	                        └─ cancel ─┴──┘       cancelled
//
// What must stay true:
//
//   - Only this package writes an operation's state, and only through
//     Manager.apply: one transaction a transition, refused unless the
//     operation is where the change says it is.
//   - An operation finishes on the definition it began with.
//   - A step never runs inside a callback of looplab/fsm, which is the
//     transition table and nothing more.
//   - Stopping the manager interrupts no job.
//
// It imports machine/definition, steps and persistence, and alone imports
// looplab/fsm.
package machine
