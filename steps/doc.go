// Package steps is what happens to the host: the verbs of the machines. A step
// is the work of one state of a definition; the table in registry.go names them
// all, and the files are called as the machines are: backup_copy.go holds the
// step copy_backup, restore_place.go the step place_restore. Plans are what a
// step would do, told beforehand.
//
// A step is told of its operation by a Task and returns an Outcome; it writes no
// state of the operation itself, and may be called again after a crash at any
// point.
//
//	            Job                            Run
//	daemon ── Launch ──▶ supervisor        work done in the daemon,
//	   │  identity recorded │              run again after a crash
//	   ├──── Release ──────▶├─▶ tool
//	   ├─ Beside             work of the daemon's own meanwhile, if any
//	   ├──── Wait ◀── result.json
//	   ▼
//	 Finish
//
// What the steps work with lies in rooms below, each of which knows only those
// that stand under it:
//
//	         steps ◀── doctor
//	  ┌────────┼───────┐
//	place     boot     │
//	  └───▶ store ◀────┤       place  puts a prepared folder into place
//	          │        │       boot   a private server on a prepared folder
//	        tool ◀─────┤       store  backup_dir: manifests, chains, forms
//	          │        │       tool   mariabackup and xtrabackup
//	       server ◀────┤       server the database server and its data directory
//	          │        │       job    programs that outlive the daemon
//	    ┌────┴─────┐   │       disk   what makes a file durable
//	optionfile    job ◀┘       stream xbstream, compression, hashes
//	         ┌─────┼─────┐     digest the hashes of a folder that is filled
//	      stream digest  │     optionfile  my.cnf and its like
//	               └──▶ disk
//
// Beside them, archive keeps the server's binary log in the store, and binlog reads
// it; boot replays it on a private server, for a restore to a moment.
//
// What must stay true:
//
//   - Nothing is written before everything that can be checked has been.
//   - Work lies in a private folder until one rename publishes it; no rename
//     ever replaces anything.
//   - A stored backup is only read. Nothing is removed that the operation has
//     not made.
//   - How a backup is stored is decided once, when it is validated. What came
//     through a pipe counts when every program of it has ended well.
//
// Of ours it imports the rooms below it and the record types of persistence.
package steps
