// Package catalogue is the care of what backups there are: which are recorded,
// which lie in the store only, what is known against them, which chains they
// make, and which of these a retention lets go.
//
//	catalogue   lists them, with what is known against them; refuses what is not there
//	order       is a list of ids a chain?
//	figures     counts them; sound remembers which chains were found whole
//	rebuild     compares records and store, and brings back what is lost
//	leftovers   what ended operations have left in the store
//	retention   decides which chains go; prune tells so of each
//	health      can the ledger be written, and is the store there?
//
// It may import machine/api, machine/definition, persistence, steps and
// steps/store. It runs no operation: of who does, it knows an Operator, which has
// a change made while no operation begins, ends or is retried.
//
// What must stay true:
//
//   - No folder of a backup is ever changed here.
//   - A record is removed, and a leftover is, only while nobody can begin anything
//     that needs it.
//   - Nothing is recorded again that cannot be restored.
//   - The newest chain that is known to be good never goes.
package catalogue
