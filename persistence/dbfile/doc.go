// Package dbfile is what the ledger and the shared file have in common as SQLite
// databases: how they are opened, how a time stands in them, and what to do when
// one fails (Error).
//
// It imports nothing of ours.
//
// What must stay true:
//
//   - A commit is on the disk when the call returns (synchronous=FULL).
//   - The wait for another program's lock is bounded.
package dbfile
