package job

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"dbcalm-db-cmd/steps/crashpoint"
	"dbcalm-db-cmd/steps/digest"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/stream"
)

// StopGrace is how long a tool may take to obey SIGINT; it needs milliseconds.
const StopGrace = 10 * time.Second

// maxFile is how large a file of a job can be, in bytes: the longest holds some
// hundred lines of a program.
const maxFile = 16 << 20

// Spec is a program to run under a supervisor. It holds no secret: it lies
// in a file, and its command line in a table others read.
type Spec struct {
	// Path is the program, Args its arguments without the name. It is empty for
	// a stream that is only checked.
	Path string   `json:"path"`
	Args []string `json:"args"`
	// Dir is the folder it runs in.
	Dir string `json:"dir"`
	// Output is the folder the program writes to. What is below it is on the
	// disk before the result is: a result that outlives a power cut must not
	// speak of files that did not.
	Output string `json:"output"`
	// Digests is the file to which the hashes of what the program has put into
	// Output are written, in the form of digest.List; empty for none. They are taken
	// while it works, by so many Workers. One that lacks is taken by who needs it.
	Digests string `json:"digests,omitempty"`
	Workers int    `json:"workers,omitempty"`
	// Packing has them compress the files as well; nil for no.
	Packing *digest.Packing `json:"packing,omitempty"`
	// Empty tells that Output is to be made anew, without what it holds, before
	// the program starts: what an interrupted try has left.
	Empty bool `json:"empty,omitempty"`
	// Watch looks after the file system of Output since before the program; nil to
	// begin with that when the program is started. Watched tells the supervisor that
	// it has been handed one.
	Watch   *disk.FileSystem `json:"-"`
	Watched bool             `json:"watched,omitempty"`
	// Unsynced leaves it to the daemon, which has Watch, to put what the program has
	// written onto the disk. If that daemon is gone by then, it is done all the same.
	Unsynced bool `json:"unsynced,omitempty"`
	// Stream is what goes from the program to the store or back; nil for none.
	Stream *Stream `json:"stream,omitempty"`
	// Shell is the shell command at the stream's other end. It may hold a secret
	// and is handed to the supervisor with the daemon's go, by no file.
	Shell string `json:"-"`
	// Rights are those it runs with; nil for our own.
	Rights *Rights `json:"rights,omitempty"`
	// Grace is how long the program may take to obey SIGINT before SIGKILL.
	Grace time.Duration `json:"grace"`
}

// Line returns the command line as a person would type it, with the stream's
// end; a shell command goes by its name only.
func (s Spec) Line() string {
	line := ""
	if s.Path != "" {
		line = QuoteWord(s.Path)
	}
	for _, arg := range s.Args {
		line += " " + QuoteWord(arg)
	}
	if s.Stream != nil {
		return s.Stream.line(line)
	}
	return line
}

// Result is what a supervisor saw of its program. It is written once, when
// the program has ended, and is the only source of an exit code.
type Result struct {
	// StartError says why the program could not be started, empty if it was.
	StartError string `json:"start_error,omitempty"`
	// ExitCode is the program's; -1 when a signal ended it.
	ExitCode int `json:"exit_code"`
	// SyncError says why the program's files could not be put onto the disk.
	SyncError string `json:"sync_error,omitempty"`
	// Unsynced tells that they were not: that is left to the daemon which started the
	// program, and no other can know what became of them.
	Unsynced bool `json:"unsynced,omitempty"`
	// Signal is the signal that ended the program, empty for none.
	Signal string `json:"signal,omitempty"`
	// Stopped tells that the supervisor was asked to stop the program.
	Stopped bool `json:"stopped,omitempty"`
	// Tail is the end of what the program printed.
	Tail string `json:"tail"`
	// Fault is what went wrong first, as a sentence that names the program at
	// fault, when that is not the program itself; empty for nothing.
	Fault string `json:"fault,omitempty"`
	// Damaged tells that the fault is the stored stream's own: it was read, and is
	// not what was stored.
	Damaged bool `json:"damaged,omitempty"`
	// ShellTail is the end of what the shell command printed to its standard
	// error.
	ShellTail string `json:"shell_tail,omitempty"`
	// Stream is set when the stream has come whole.
	Stream *stream.Stored `json:"stream,omitempty"`
	// Complaints are the lines in which the program spoke of errors.
	Complaints []string `json:"complaints,omitempty"`
	// Omissions are those in which it spoke of files that it leaves out.
	Omissions []string  `json:"omissions,omitempty"`
	Started   time.Time `json:"started"`
	Ended     time.Time `json:"ended"`
}

// The files of a job folder.
const (
	SpecFile    = "spec.json"
	startedFile = "started.json"
	OutputFile  = "output.log"
	shellFile   = "shell.log"
	resultFile  = "result.json"
)

// ErrNoResult: the job has not ended in a way that is known.
var ErrNoResult = errors.New("job has no result")

// Folder returns the folder of a job of this operation. It is named before
// it is made.
func (y *Yard) Folder(operation string, seq int64) string {
	return filepath.Join(y.jobsDir(), fmt.Sprintf("%s-%d", operation, seq))
}

func (y *Yard) jobsDir() string { return filepath.Join(y.StateDir, "jobs") }

// Create makes the job's folder with its spec. A folder left from a crash
// at this very point is used again.
func (y *Yard) Create(folder string, spec Spec) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("create job folder: %w", err)
	}
	crashpoint.Here("job-folder-made")
	spec.Watched = spec.Watch != nil
	return disk.WriteJSON(filepath.Join(folder, SpecFile), spec)
}

// Remove removes the folder of a job whose result is recorded.
func (y *Yard) Remove(folder string) error {
	if filepath.Dir(folder) != y.jobsDir() {
		return fmt.Errorf("remove job folder: %s is not one", folder)
	}
	if err := disk.RemoveAll(folder); err != nil {
		return fmt.Errorf("remove job folder: %w", err)
	}
	return nil
}

// jobFolderName is what JobFolder makes of an operation's id.
var jobFolderName = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-\d+$`)

// Folders lists the job folders there are, whatever has become of their
// operations. What somebody else has put beside them is not listed.
func (y *Yard) Folders() ([]string, error) {
	entries, err := disk.ReadDir(y.jobsDir())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list job folders: %w", err)
	}
	var folders []string
	for _, e := range entries {
		if jobFolderName.MatchString(e.Name()) {
			folders = append(folders, filepath.Join(y.jobsDir(), e.Name()))
		}
	}
	return folders, nil
}

// ReadResult returns a job's result, or ErrNoResult.
func ReadResult(folder string) (Result, error) {
	var r Result
	err := disk.ReadJSON(filepath.Join(folder, resultFile), maxFile, &r)
	if errors.Is(err, os.ErrNotExist) {
		return r, ErrNoResult
	}
	return r, err
}

// Why a step's context ended.
var (
	// ErrStopping: the daemon stops; hand the work off as it is.
	ErrStopping = errors.New("the daemon is stopping")
	// ErrCancelled: the operation is to be cancelled; stop working.
	ErrCancelled = errors.New("the operation was cancelled")
)
