// Package shared is the shared file: the tables process, backup and restore,
// which belong to a contract with other programs. It opens that file, makes what
// is missing in it, writes into it what a transaction of the ledger means to it
// (Change), and tells which of our own rows are missing.
//
// It may import persistence/dbfile. It knows nothing of the ledger's tables: what
// is to be written, and when, package persistence says.
//
// What must stay true:
//
//   - Others may write the file, so nothing that it says is believed, and no text
//     of it is brought over.
//   - A file that has lost its name is never written, and its -wal file never
//     taken for another's.
//   - A change is in the file once, whatever dies between: after a crash, the
//     process row that it ends with tells whether it is there (Tx.Apply).
package shared
