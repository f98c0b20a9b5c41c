// Command dbcalm-db-cmd is the database command server of DBCalm, and the
// administrator's way to look at what it does.
//
// The package owns flags, wiring, subcommands and exit codes. Below it are rooms
// of its own: config, the configuration; screen, what is drawn for people; human,
// how values look. It may import every other package of the module; cobra and
// the signals live here and nowhere else.
//
//	main ── signals cancel the context
//	  └─ run(ctx, args, stdin, stdout, stderr, env) → exit code
//	       └─ app: one invocation, with its screen and the source of its config
//	            ├─ serve                       loads the Config, runs the daemon
//	            ├─ config, doctor, version     say what would run
//	            ├─ manual                      prints a page of package manual
//	            ├─ machine list|show|graph     say what is declared
//	            └─ conversation, with a daemon over its socket
//	                 └─ operations, backups, backup, restore
//
// A verb is a function that takes what it needs: the screen, the source, the
// conversation, or all of it.
//
// What must stay true:
//
//   - A subcommand never ends the process and never touches os.Stdout, os.Args
//     or the environment: all of it comes through run, so each is tested
//     without a process.
//   - Every way to end is a row of the table in exit.go, which the root help
//     prints.
//   - Answers go to stdout, everything about getting them goes to stderr.
package main
