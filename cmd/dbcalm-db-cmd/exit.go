package main

import (
	"errors"
	"fmt"
	"strings"
)

// The exit codes. exitTable prints them, the root help shows that.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitConfig      = 3
	exitUnreachable = 4
	exitRefused     = 5
	exitRunning     = 6
	exitAttention   = 7
	exitInterrupted = 130
)

var exitMeanings = []struct {
	code    int
	meaning string
}{
	{exitOK, "done; with --wait: the operation succeeded"},
	{exitFailed, "the command failed; with --wait: the operation failed or was cancelled"},
	{exitUsage, "wrong flags or arguments"},
	{exitConfig, "the configuration is wrong or cannot be read, or others could change what the daemon runs"},
	{exitUnreachable, "the daemon cannot be reached"},
	{exitRefused, "the daemon refused the command"},
	{exitRunning, "another daemon is running on the same state"},
	{exitAttention, "done, and something was found that needs a person"},
	{exitInterrupted, "interrupted; an operation that was waited for goes on"},
}

func exitTable() string {
	var b strings.Builder
	b.WriteString("Exit codes:\n")
	for _, row := range exitMeanings {
		fmt.Fprintf(&b, "  %3d  %s\n", row.code, row.meaning)
	}
	return strings.TrimRight(b.String(), "\n")
}

// exitError is an error that knows its exit code.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }

// errSaid stands for an error that has been told of already.
var errSaid = errors.New("")

// Unwrap returns the error without its code.
func (e *exitError) Unwrap() error { return e.err }

// exitWith gives err an exit code; nil stays nil.
func exitWith(code int, err error) error {
	if err == nil {
		return nil
	}
	return &exitError{code: code, err: err}
}

// exitCode is the process's exit code for err. Without a code of its own an
// error is a failure of the command.
func exitCode(err error) int {
	if err == nil {
		return exitOK
	}
	var coded *exitError
	if errors.As(err, &coded) {
		return coded.code
	}
	return exitFailed
}
