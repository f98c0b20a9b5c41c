package steps

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// forwardKey is what messages call the shell command that takes streams.
const forwardKey = "forward"

// DefaultStallTimeout is how long a stream may stand still unless told.
const DefaultStallTimeout = time.Minute

// errNoForward: an operation was begun with a command that is gone.
var errNoForward = errors.New("this backup was begun to be forwarded, and the configuration has no forward any more: set it again, or take a new backup")

// streamJob returns the command line of a streamed backup, with where the
// stream goes.
func (h *Host) streamJob(_ context.Context, t Task) (JobSpec, error) {
	spec, err := h.streamSpec(t)
	if err != nil || !t.form().Forward {
		return spec, err
	}
	if spec.Shell = h.Forward; spec.Shell == "" {
		return JobSpec{}, errNoForward
	}
	return spec, nil
}

// streamSpec is streamJob without the shell command, which may be gone when
// the stream has come.
func (h *Host) streamSpec(t Task) (JobSpec, error) {
	credentials, err := h.Credentials()
	if err != nil {
		return JobSpec{}, err
	}
	base := ""
	if t.Args.FromBackupID != "" {
		base = h.BackupFolder(t.Args.FromBackupID)
	}
	form := t.form()
	spec := h.streamCommand(*t.Data.Tool, credentials, t.Data.Server.DataDir, t.Data.Work, base)
	spec.Stream = &JobStream{
		Direction: StreamOut, Compression: form.Compression, Level: form.Level, StallTimeout: h.StallTimeout,
		Contents: filepath.Join(t.Data.Work, contentsName(t.Args.ID)),
	}
	if spec.Stream.StallTimeout == 0 {
		spec.Stream.StallTimeout = DefaultStallTimeout
	}
	name := form.streamName(t.Args.ID)
	if !form.Forward {
		spec.Stream.File = filepath.Join(t.Data.Work, name)
		return spec, nil
	}
	spec.Stream.Command = forwardKey
	spec.Stream.Env = streamEnv(t.Args.ID, name, t.Operation)
	return spec, nil
}

// streamFinish demands proof of a whole stream beyond the programs' exit codes.
func (h *Host) streamFinish(_ context.Context, t Task, r JobResult) (Outcome, error) {
	if r.Fault != "" {
		return Outcome{}, h.streamFault(r)
	}
	if err := h.proveCopy(t, r); err != nil {
		return Outcome{}, err
	}
	t.Data.Stream = r.Stream
	c, err := h.proveStreamBackup(t)
	if err != nil {
		return Outcome{}, claims(t, r, err)
	}
	return ok(t, fmt.Sprintf("streamed up to LSN %d in %s, %s stored", c.ToLSN, r.Ended.Sub(r.Started).Round(time.Millisecond), humanBytes(uint64(r.Stream.StoredSize)))), nil
}

// streamFault is what went wrong outside the tool.
func (h *Host) streamFault(r JobResult) error {
	said := h.Redact(lastLines(r.ShellTail, tailLines))
	fault, advice := h.Redact(r.Fault), adviceFor(said)
	switch {
	case adviceFor(fault) != "":
	case advice != "":
		fault += advice
	default:
		fault += ": mend that, then take the backup again"
	}
	return &ToolError{Summary: fault, Tail: said}
}
