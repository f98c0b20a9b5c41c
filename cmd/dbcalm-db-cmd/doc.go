// Command dbcalm-db-cmd is the database command server of DBCalm, and the
// administrator's way to look at what it does.
//
// The package owns flags, wiring, subcommands and exit codes; the configuration
// has a room of its own below it, config, and so has how values look, human.
// It may import every other package of the module; cobra and the signals live
// here and nowhere else.
//
//	main ── signals cancel the context
//	  └─ run(ctx, args, stdin, stdout, stderr, env) → exit code
//	       └─ app: one invocation
//	            ├─ serve                       loads the Config, runs the daemon
//	            ├─ config, version             say what would run
//	            ├─ machine list|show|graph     say what is declared
//	            └─ operations, backups,        ask the daemon over its socket,
//	               backup, restore             through the daemon interface
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
