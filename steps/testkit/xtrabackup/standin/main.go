// The program that stands in for XtraBackup; package xtrabackuptest has the
// story.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
)

func main() {
	// What it starts dies with the thread that started it.
	runtime.LockOSThread()
	os.Exit(run(os.Args[1:]))
}

// run does what a command line asks for and returns the exit code.
func run(args []string) int {
	me, err := identify(os.Getenv("XTRABACKUP_STANDIN"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	line, err := me.parse(args)
	if err != nil {
		me.complain(err.Error())
		return 1
	}
	for _, name := range line.old {
		me.warn("--" + name + " is deprecated and will be removed in a future release. Please use --" + renamed[name] + " instead.")
	}
	if os.Getenv("XTRABACKUP_STANDIN_ONLY_PARSE") != "" {
		return 0
	}
	if line.has("help") {
		me.help()
		return 0
	}
	me.banner()
	if line.has("version") {
		return 0
	}
	switch line.mode {
	case modeBackup:
		err = me.backup(line)
	case modePrepare:
		err = me.prepare(line)
	case modeCopy:
		err = me.copyBack(line)
	}
	var ended exitError
	switch {
	case errors.As(err, &ended):
		return int(ended)
	case err != nil:
		me.complain(err.Error())
		return 1
	}
	me.note("completed OK!")
	return 0
}

// exitError is the exit code of a program that has said itself what is wrong.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("ended with %d", int(e)) }
