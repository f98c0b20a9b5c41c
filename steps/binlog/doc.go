// Package binlog reads the binary logs of MariaDB and MySQL: events with their
// checksums, the transactions that they make up, and the GTID state that follows
// from them. It only reads; what a log says is told, and nothing of it is run.
//
//	file = magic, format description, list of GTIDs, groups…, rotate
//	group = GTID event, events…, the event that commits or prepares it
//
// Of MySQL are read the logs whose transactions all have GTIDs, as they have where
// gtid_mode is ON.
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
// description, GTID, list of GTIDs, checksums), and for what is MySQL's own
// https://dev.mysql.com/doc/dev/mysql-server/latest/group__group__binlog__event.html
//
// It imports nothing of ours.
package binlog
