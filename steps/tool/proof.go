package tool

import (
	"fmt"
	"strings"

	"dbcalm-db-cmd/steps/job"
)

// Completed is how the tools end what they print when they have succeeded.
const Completed = "completed OK!"

// Error is a program's failure, with the last it said.
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

// TailLines is how many of a program's lines an error repeats.
const TailLines = 12

// ProveRun checks that a program ran to its end and said so.
func ProveRun(what string, r job.Result) error {
	name := func(problem string) error {
		return &Error{Summary: what + " " + problem, Tail: LastLines(r.Tail, TailLines)}
	}
	advice := cause(r)
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

func LastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return strings.Join(lines, "\n")
}
