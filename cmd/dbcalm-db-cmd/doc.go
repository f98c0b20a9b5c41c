// Command dbcalm-db-cmd is the database command server of DBCalm, and the
// administrator's way to look at what it does.
//
// The package owns flags, configuration, wiring, subcommands and exit codes.
// It may import every other package of the module; cobra, the signals and the
// reading of the configuration file live here and nowhere else.
//
//	main ── signals cancel the context
//	  └─ run(ctx, args, stdin, stdout, stderr, env) → exit code
//	       └─ app: one invocation
//	            ├─ serve                       loads the Config, runs the daemon
//	            ├─ config, version             say what would run
//	            ├─ manual                      prints a page of package manual
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
//   - Nothing prints the value of a key that may hold a secret: keys of other
//     programs, misspelt keys, forward and on_finish.
//   - Defaults (config_default.go) and validation (config_validate.go) are two
//     steps; every problem of a configuration is found before one is reported.
package main
