package steps

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/tool"
)

// forwardKey is what messages call the shell command that takes streams.
const forwardKey = "forward"

// errNoForward: an operation was begun with a command that is gone.
var errNoForward = errors.New("this backup was begun to be forwarded, and the configuration has no forward any more: " +
	"set it again, or take a new backup")

// streamJob returns the command line of a streamed backup, with where the
// stream goes.
func (s backupSteps) streamJob(_ context.Context, t Task) (job.Spec, error) {
	spec, err := s.streamSpec(t)
	if err != nil || !t.form().Forward {
		return spec, err
	}
	if spec.Shell = s.Forward; spec.Shell == "" {
		return job.Spec{}, errNoForward
	}
	return spec, nil
}

// streamSpec is streamJob without the shell command, which may be gone when
// the stream has come.
func (s backupSteps) streamSpec(t Task) (job.Spec, error) {
	credentials, err := s.Server.Credentials()
	if err != nil {
		return job.Spec{}, err
	}
	base, rights, err := s.copying(t)
	if err != nil {
		return job.Spec{}, err
	}
	form := t.form()
	spec := s.Tool.StreamCommand(*t.Data.Tool, credentials, rights, t.Data.Server.DataDir, t.Data.Work, base)
	spec.Stream = &job.Stream{
		Direction: job.StreamOut, Compression: form.Compression, Level: form.Level, StallTimeout: s.StallTimeout,
		Contents: filepath.Join(t.Data.Work, store.ContentsName(t.Args.ID)),
	}
	if spec.Stream.StallTimeout == 0 {
		spec.Stream.StallTimeout = job.DefaultStallTimeout
	}
	name := form.StreamName(t.Args.ID)
	if !form.Forward {
		spec.Stream.File = filepath.Join(t.Data.Work, name)
		return spec, nil
	}
	spec.Stream.Command = forwardKey
	spec.Stream.Env = streamEnv(t.Args.ID, name, t.Operation)
	return spec, nil
}

// streamFinish demands proof of a whole stream beyond the programs' exit codes.
func (s backupSteps) streamFinish(ctx context.Context, t Task, r job.Result) (Outcome, error) {
	if r.Fault != "" {
		return Outcome{}, s.streamFault(r)
	}
	if err := s.proveCopy(t, r); err != nil {
		return Outcome{}, err
	}
	t.Data.Stream = r.Stream
	c, err := s.proveStreamBackup(t)
	if err != nil {
		return Outcome{}, claims(t, r, err)
	}
	proved, err := s.proveAgainstServer(ctx, t, r, streamNames)
	if err != nil {
		return Outcome{}, err
	}
	// #nosec G115 -- a size is never negative
	outcome := ok(t, fmt.Sprintf("streamed up to LSN %d in %s, %s stored%s",
		c.ToLSN, r.Ended.Sub(r.Started).Round(time.Millisecond), disk.HumanBytes(uint64(r.Stream.StoredSize)), proved))
	if t.Data.Count.On() {
		outcome.Event = EventCount
	}
	return outcome, nil
}

// streamFault is what went wrong outside the tool.
func (s backupSteps) streamFault(r job.Result) error {
	said := s.Server.Redact(tool.LastLines(r.ShellTail, tool.TailLines))
	fault, advice := s.Server.Redact(r.Fault), tool.Advice(said)
	switch {
	case tool.Advice(fault) != "":
	case advice != "":
		fault += advice
	default:
		fault += ": mend that, then take the backup again"
	}
	return &tool.Error{Summary: fault, Tail: said}
}
