package steps

import (
	"fmt"
	"strings"
)

// proveStream checks that a stored stream was read to its right end and, if
// there was a program to take it, that this succeeded. Unlike the backup tools,
// the programs that unpack say nothing then; whatever they say is a failure,
// for they have been seen to exit with 0 after "File exists" and after an
// empty stream.
func proveStream(what, program string, r JobResult) error {
	problem := func(text string) error {
		return &ToolError{Summary: what + ": " + text, Tail: lastLines(r.Tail, tailLines)}
	}
	said := strings.TrimSpace(r.Tail)
	switch {
	case r.StartError != "":
		return problem(program + " could not be started: " + r.StartError)
	case r.Fault != "":
		fault := r.Fault
		if r.Damaged && !strings.Contains(fault, chainAdvice) {
			// Nobody but the command knows whether what it forwarded is still there.
			fault += "; correct " + retrieveKey + ", or " + chainAdvice
		}
		return &ToolError{Summary: what + ": " + fault, Tail: lastLines(r.ShellTail+"\n"+r.Tail, tailLines)}
	case r.Stopped:
		return fmt.Errorf("%s: %w", what, ErrCancelled)
	case r.Signal != "":
		return problem(program + " was killed by " + r.Signal + adviceFor(r.Tail))
	case r.ExitCode != 0:
		return problem(fmt.Sprintf("%s failed with exit code %d%s", program, r.ExitCode, adviceFor(r.Tail)))
	case r.SyncError != "":
		return problem(program + " ended well, but its files could not be put onto the disk: " + r.SyncError)
	case said != "":
		return problem(program + " claims success, but complained" + adviceFor(r.Tail))
	case r.Stream == nil:
		return problem("the stream was not read to its end")
	}
	return nil
}
