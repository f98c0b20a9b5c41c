// Package counts counts the rows of a server's tables while a backup of it is
// made, and says of which of them the number goes for the backup, too: of those
// that nobody changed from before the copy until after the count.
//
//	reserve          copy        count                          boot
//	   |              |            |                              |
//	Observe                      Observe: leave out what changed  Rows, Checksum
//	what the server              Rows, Checksum of the rest       of the same tables on
//	says of each                 Observe: leave out what changed  a server that is started
//	table, kept in               Figures, kept in the backup      on the backup
//	a file
//
// A table counts as unchanged only where that is proved:
//
//   - The server ran all the time, and the table's files are the same.
//   - InnoDB: the server says when a transaction that changed the table last
//     committed. It notes that in memory: a table that it has put out of its cache
//     has no time any more. So a table without one counts as unchanged only where
//     the cache has room for all tables, before and after.
//   - MyISAM: its files have the times and the sizes they had. Whoever changes a
//     table writes its state to the index file at the end of each statement.
//   - Other engines say nothing that could be relied on.
//   - What was changed in the seconds before it was first looked at could have
//     been changed again without a trace. It is not compared.
//
// What must stay true:
//
//   - No lock is kept: each table is read by one statement, and a statement that
//     somebody waits for is broken off within about a second.
//   - That something cannot be counted fails no backup; it is told.
//   - What 50,000 tables give is in files, never in a row.
//
// Of ours it imports crashpoint, disk, inventory and server.
package counts
