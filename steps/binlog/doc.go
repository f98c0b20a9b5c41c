// Package binlog reads the binary logs of MariaDB: events with their checksums,
// the transactions that they make up, and the GTID state that follows from them.
// It only reads; what a log says is told, and nothing of it is run.
//
//	file = magic, format description, list of GTIDs, groups…, rotate
//	group = GTID event, events…, the event that commits or prepares it
//
// What must stay true:
//
//   - Where a file ends in the middle of an event, or an event's checksum is
//     wrong, that is said (ErrShort, ErrBroken): nothing behind it is told of.
//   - A group is told of when all of it has been read, and never in parts: who
//     cuts a log at the end of a group has whole transactions.
//   - Where an event lies is counted from the bytes read. The position that an
//     event itself tells is not relied on: newer servers write 0.
//   - Memory grows with the largest event of a file, not with its transactions.
//
// The format: https://mariadb.com/kb/en/replication-protocol (events, format
// description, GTID, list of GTIDs, checksums).
//
// It imports nothing of ours.
package binlog
