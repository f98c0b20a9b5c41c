package tool

import (
	"fmt"
	"strings"

	"dbcalm-db-cmd/steps/job"
)

// completed is how the tools end what they print when they have succeeded.
const Completed = "completed OK!"

// ToolError is a program's failure, with the last it said.
type Error struct {
	// Summary is a sentence for a person.
	Summary string
	// Tail are the program's last lines.
	Tail string
}

func (e *Error) Error() string {
	if e.Tail == "" {
		return e.Summary
	}
	return e.Summary + "\nlast lines of the program:\n" + e.Tail
}

// tailLines is how many of a program's lines an error repeats.
const TailLines = 12

// proveRun checks that a program ran to its end and said so.
func ProveRun(what string, r job.Result) error {
	name := func(problem string) error {
		return &Error{Summary: what + " " + problem, Tail: LastLines(r.Tail, TailLines)}
	}
	advice := Advice(r.Tail)
	if n := len(r.Complaints); advice == "" && n > 0 {
		advice = ": " + r.Complaints[n-1]
	}
	switch {
	case r.StartError != "":
		return name("could not be started: " + r.StartError + Advice(r.StartError))
	case r.Stopped:
		return fmt.Errorf("%s: %w", what, job.ErrCancelled)
	case r.Signal != "":
		return name("was killed by " + r.Signal + advice)
	case r.ExitCode != 0:
		return name(fmt.Sprintf("failed with exit code %d%s", r.ExitCode, advice))
	case r.SyncError != "":
		return name("ended well, but its files could not be put onto the disk: " + r.SyncError)
	case !strings.HasSuffix(strings.TrimSpace(r.Tail), Completed):
		return name("ended without saying \"" + Completed + "\"" + advice)
	}
	return nil
}

// advices say in a person's words what a line of a tool's output means.
var advices = []struct{ says, means string }{
	{"No space left on device", "the disk is full: free space or make it larger, then try again"},
	{"no space left on device", "the disk is full: free space or make it larger, then try again"},
	{"Errcode: 28", "the disk is full: free space or make it larger, then try again"},
	{"error 28", "the disk is full: free space or make it larger, then try again"},
	{"error: 28", "the disk is full: free space or make it larger, then try again"},
	{"Access denied for user", "the server refused the backup user's login: check the credentials file"},
	{"missing required privilege", "the backup user lacks a privilege"},
	{"Too many open files", "the limit of open files is too low: raise LimitNOFILE of the service"},
	{"Can't connect to", "the server could not be reached"},
	{"Lost connection to", "the server went away while the tool was at work"},
	{"server has gone away", "the server went away while the tool was at work"},
	{"Permission denied", "a file could not be read or written: run the daemon as root or as the server's user"},
	{"failed to init keyring", "the tool could not use the server's keyring: check the keyring options in backup_args"},
	{"wrapped around", "the server overwrote its redo log before the tool had read it: enlarge the redo log, or set innodb_redo_log_archive_dirs on MySQL 8"},
	{"Unsupported server version", "the tool is too old or too new for the server"},
	{"Please upgrade PXB", "the tool is older than the server: install its newest release of that series"},
	{"Database page corruption detected", "the server's data is damaged: run CHECK TABLE on its tables"},
}

func Advice(output string) string {
	for _, a := range advices {
		if strings.Contains(output, a.says) {
			return ": " + a.means
		}
	}
	return ""
}

func LastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return strings.Join(lines, "\n")
}
