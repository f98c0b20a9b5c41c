// Package archive keeps a server's binary log, so that a backup can be brought to
// any moment after it: the collector reads the log while the server writes it, and
// keeps it as a chain of segments in the backup store.
//
//	server's binary log ──▶ open segment ──▶ sealed segment ─▶ manifest ─▶ head
//	  read part by part      spool, synced     compressed,      hash of     in the
//	                         every second      hashed           the one     state
//	                                                            before      folder
//
// The log is read where the server writes it. One that it encrypts its own program
// asks it for (Stream), and writes into a folder as it would be without that.
//
// Where a segment does not go on where the one before ended, it says why (Break):
// what can be restored ends there, and a new range begins. A break between two
// epochs is one between two histories: after a restore, or RESET MASTER, the same
// names and numbers come again and mean something else.
//
// What must stay true:
//
//   - A segment ends between two transactions, and is never changed.
//   - A manifest counts when the chain of hashes leads to it from the head, which
//     lies where nobody else can write. What the store holds besides is not
//     believed.
//   - What the server wrote is told from its checksums and lists of GTIDs, never
//     from the names of files.
//   - A file of the server goes on where a segment ended only if it holds that
//     segment's bytes, by their hash.
//   - A gap is never crossed: a plan ends before it or is refused.
//
// Of ours it imports binlog, disk, job, server, stream and crashpoint.
package archive
