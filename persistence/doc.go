// Package persistence owns two SQLite databases, their migrations and every
// statement run on them.
//
// The ledger is ours alone: operations, transitions, jobs, claims, requests,
// verdicts and ends, and of backups, restores and program runs what we know of
// them. It lies in the state folder, which nobody but the daemon's user may
// enter.
//
// The shared file holds the tables process, backup and restore, which belong to
// a contract with other programs, and nothing else of ours. Others may write it,
// so nothing that it says is believed. It is a projection of the ledger:
//
//	one transaction ─▶ ledger: state, transition, rows, outbox   (ledger.go)
//	then, in order ──▶ shared file, one transaction a change     (projection.go)
//	then ────────────▶ ledger: the change leaves the outbox      (outbox.go)
//
// What must stay true:
//
//   - Whatever one transition changes, it changes in one transaction of the
//     ledger (Store.Apply): the operation's state and sequence number, compared
//     before they are set, the transition's row, and the rows clients read.
//   - Each change reaches the shared file once, in the order of the commits,
//     whatever dies between: after a crash, the process row that a change ends
//     with reports whether it is there (shared.Tx.Apply).
//   - The newest process row of an operation, the one with the highest id in the
//     shared file, says running until the operation is over and its backup or
//     restore is there; the first row is there before Accept returns.
//   - The ledger goes on while the shared file is locked, full, broken or gone.
//     Only new commands wait for it.
//   - Others may delete backups there: a row that is missing was deleted, and the
//     ledger learns it (projection_compare.go), unless the file is another one or
//     has lost what it had. It then is filled again from the ledger
//     (projection_fill.go).
//   - From the shared file no text is brought over, but once: the first start
//     makes the ledger of what is there (move.go).
//   - A commit is on the disk when the call returns (synchronous=FULL).
//
// Its rooms are dbfile, what both are as SQLite databases, and shared, the shared
// file by itself. They import nothing else of ours and alone import
// modernc.org/sqlite.
package persistence
