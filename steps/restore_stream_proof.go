package steps

import (
	"fmt"
	"strings"

	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/tool"
)

// proveStream checks that a stored stream was read to its right end and, if
// there was a program to take it, that this succeeded. Unlike the backup tools,
// the programs that unpack say nothing then; whatever they say is a failure,
// for they have been seen to exit with 0 after "File exists" and after an
// empty stream.
func proveStream(what, program string, r job.Result) error {
	problem := func(text string) error {
		return &tool.Error{Summary: what + ": " + text, Tail: tool.LastLines(r.Tail, tool.TailLines)}
	}
	said := strings.TrimSpace(r.Tail)
	switch {
	case r.StartError != "":
		return problem(program + " could not be started: " + r.StartError)
	case r.Fault != "":
		fault := r.Fault
		if r.Damaged && !strings.Contains(fault, store.ChainAdvice) {
			// Nobody but the command knows whether what it forwarded is still there.
			fault += "; correct " + retrieveKey + ", or " + store.ChainAdvice
		}
		return &tool.Error{Summary: what + ": " + fault, Tail: tool.LastLines(r.ShellTail+"\n"+r.Tail, tool.TailLines)}
	case r.Stopped:
		return fmt.Errorf("%s: %w", what, job.ErrCancelled)
	case r.Signal != "":
		return problem(program + " was killed by " + r.Signal + tool.Advice(r.Tail))
	case r.ExitCode != 0:
		return problem(fmt.Sprintf("%s failed with exit code %d%s", program, r.ExitCode, tool.Advice(r.Tail)))
	case r.SyncError != "":
		return problem(program + " ended well, but its files could not be put onto the disk: " + r.SyncError)
	case said != "":
		return problem(program + " claims success, but complained" + tool.Advice(r.Tail))
	case r.Stream == nil:
		return problem("the stream was not read to its end")
	}
	return nil
}
