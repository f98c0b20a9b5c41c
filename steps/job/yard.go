package job

import (
	"strings"
	"time"
)

// Yard is where the jobs of a daemon are: their folders and logs. Its methods
// may be called from any goroutine.
type Yard struct {
	// StateDir holds the jobs' folders and their logs.
	StateDir string
	// Supervisor is the command that supervises a job; the job's folder is
	// appended to it. Empty means this very program.
	Supervisor []string
	// Redactor returns what takes the secrets out of a text, as they now are.
	Redactor func() *strings.Replacer
	// OnFinish is the shell command run after every operation; empty for none.
	OnFinish string
	// OnFinishTimeout is how long it may take.
	OnFinishTimeout time.Duration
}
