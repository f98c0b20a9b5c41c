// Package machine drives operations through machines declared as data.
//
// A definition (package machine/definition) says for each state which step
// works in it, where each outcome leads, and what happens when it is
// interrupted. The parts that work with definitions, and what each owns:
//
//	Manager     the commands as they come in, refused or accepted; questions
//	engine      the operations: queue, one goroutine for each that is under
//	            way, and, on start, those that an earlier daemon left
//	attempt     one operation in one state: its step, its program, what follows
//	caretaker   deletes what the retention lets go
//	historian   lets operations leave the ledger that are long over
//
// What is asked and answered is package machine/api, the backups there are and
// what is known against them package machine/catalogue.
//
// An operation's life:
//
//	command ─▶ accept ─▶ waiting ─▶ running ─▶ succeeded
//	                        │          │  ▲       failed ──retry──▶ waiting
//	                        └─ cancel ─┴──┘       cancelled
//
// What must stay true:
//
//   - Only this package writes an operation's state, and only through
//     attempt.apply and Retry: one transaction a transition, refused unless the
//     operation is where the change says it is.
//   - An operation finishes on the definition it began with.
//   - A step never runs inside a callback of looplab/fsm, which is the
//     transition table and nothing more.
//   - Stopping the manager interrupts no job.
//
// It imports machine/api, machine/catalogue, machine/definition, steps and persistence, and alone imports
// looplab/fsm.
package machine
