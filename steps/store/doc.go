// Package store is the backup store, backup_dir: a folder a backup, the
// manifest in it, the chain that backups make, the forms in which they are
// stored, and what is damaged or left over.
//
//	backup_dir/
//	  <id>/                    a backup, published by one rename
//	    dbcalm.json            the manifest, written last
//	    dbcalm-counts.json     how many rows tables have, where that is asked for
//	    …                      the tool's files, or one stream
//	  .partial/<operation>-N/  the work of one attempt
//	  restores/                what was restored to folders
//
// What must stay true:
//
//   - A stored backup is only read. Tools get private copies of it.
//   - Work lies in a private folder until one rename publishes it; nothing is
//     ever overwritten, and nothing removed that an operation has not made.
//   - A chain holds by parent and by LSN, never by one of them alone.
//   - What is wrong with a backup itself is a Damage; what is wrong with the
//     host is not.
//
// Of ours it imports counts, disk, stream, server, tool and the record types of
// persistence.
package store
