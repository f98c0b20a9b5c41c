// Package persistence owns the one SQLite database: its schema, its
// migrations and every statement run on it.
//
// The tables process, backup and restore belong to a contract with other
// programs, which read them while we write. What those programs do not need
// lives in tables of our own, whose names begin with "operation".
//
// What must stay true:
//
//   - Whatever one transition changes, it changes in one transaction
//     (Store.Apply): the operation's state and sequence number, compared before
//     they are set, the transition's row, and the rows clients read.
//   - The newest process row of an operation says running until the operation
//     is over.
//   - A commit is on the disk when the call returns (synchronous=FULL).
//
// It imports nothing of ours and alone imports modernc.org/sqlite.
package persistence
