// Package inventory holds a backup against the server it was taken of: what the
// server had before the copy and still has after it must be in the backup,
// whatever the tool says of itself.
//
//	validate      reserve          copy                          seal
//	   |             |               |                             |
//	Replaced       Take           Missing                       Came
//	an incremental what there     what was there all the        what is known of each
//	would skip     is before,     time and is not in the        tablespace, for the next
//	pages of these kept in a      backup fails it               incremental
//	               file
//
// A file counts as the same one by its number and its birth. So a table that is
// created, dropped, renamed, truncated or rebuilt meanwhile is never held against
// a backup: its file is another one then. Where the file system tells no birth,
// the ids of the tablespaces decide.
//
// What must stay true:
//
//   - No table is opened on the server. Of its files the beginnings of the
//     definitions are read, and those tablespaces that have come since an
//     incremental's base.
//   - 50,000 tables take less than five seconds.
//   - What is kept of 50,000 tables is in a file, never in a row.
//
// What the server itself cannot use, before and after, is noted as Broken: it is
// told, and not held against the backup.
//
// Of ours it imports server and disk.
package inventory
