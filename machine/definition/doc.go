// Package definition holds the machines as data: what they are is said in
// definitions/*.yaml, one file each, and nowhere else.
//
// It owns the files, what reads and checks them, and what draws them:
//
//	definitions/*.yaml ─▶ Parse ─▶ Definition ─▶ Check(steps)   refused at start, not at night
//	                                   │
//	                                   ├─▶ Edges   the transition table
//	                                   ├─▶ Graph, Draw, Ahead   for people
//	                                   └─▶ Legend   what each key means
//
// A state names a step, says where each outcome of the step leads (on), what
// happens when it is interrupted (interrupted), and whether a cancel comes too
// late (cancel). What the rest of the program has to know of a machine or a
// state is a key in its file: no other code spells a machine's or a state's
// name.
//
// What must stay true:
//
//   - A definition that passes Check can be run to an end from every state,
//     whatever its steps return and whenever it is interrupted.
//   - A definition that an operation has stored is checked only for what it
//     takes to run it (Stored): rules that came later never keep a daemon
//     from starting.
//   - Nothing here touches a disk, a database or a clock.
//
// It imports persistence and steps for their words (statuses, kinds of process,
// events, what a step is) and calls neither.
package definition
