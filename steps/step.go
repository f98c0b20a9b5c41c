package steps

import (
	"context"
	"time"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/archive"
	"dbcalm-db-cmd/steps/boot"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/place"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/stream"
	"dbcalm-db-cmd/steps/tool"
)

// Args are an operation's arguments as accepted.
type Args struct {
	ID           string   `json:"id,omitempty"`
	FromBackupID string   `json:"from_backup_id,omitempty"`
	ScheduleID   *int64   `json:"schedule_id,omitempty"`
	IDList       []string `json:"id_list,omitempty"`
	Target       string   `json:"target,omitempty"`
	// TmpDir is the folder a restore or a verification works in or leaves behind.
	TmpDir string `json:"tmp_dir,omitempty"`
	// Level is how thoroughly a verification looks.
	Level persistence.Level `json:"level,omitempty"`
	// To is the moment that a restore brings the data to, as archive.Moment has it;
	// empty for that of the backup.
	To string `json:"to,omitempty"`
}

// Data is what the steps of an operation leave for later ones. It is
// persisted with every transition.
type Data struct {
	// Work is the private folder of this attempt.
	Work string `json:"work,omitempty"`
	// Before is the file that has what the server had when the copy began; empty in
	// an operation that an older program began.
	Before string `json:"before,omitempty"`
	// CopyStarted is when the attempt's copy of the database began.
	CopyStarted time.Time    `json:"copy_started,omitzero"`
	Server      *server.Info `json:"server,omitempty"`
	Tool        *tool.Info   `json:"tool,omitempty"`
	// BaseOperation made the backup that this one stands on, as it was when it
	// was found fit for that.
	BaseOperation string `json:"base_operation,omitempty"`
	// BaseManifest is the SHA-256 of that backup's manifest.
	BaseManifest string `json:"base_manifest,omitempty"`
	// Manifest is the SHA-256 of the manifest that this operation has written.
	Manifest string `json:"manifest,omitempty"`
	// DataSize is what a full copy of the server's data takes, in bytes.
	DataSize uint64 `json:"data_size,omitempty"`
	// Form is how this backup is stored, decided once for the whole operation.
	Form *store.Form `json:"form,omitempty"`
	// Count says what is counted of the server's tables; empty for nothing.
	Count CountRows `json:"count,omitempty"`
	// Compared says how many tables a server that was started on the backup has as
	// they were counted.
	Compared string `json:"compared,omitempty"`
	// Unpackable are the copied files that must not be compressed because of their
	// names.
	Unpackable []string `json:"unpackable,omitempty"`
	// Stream is the stream as it was stored.
	Stream *stream.Stored `json:"stream,omitempty"`
	// Applied counts the links of a chain that the stage already holds,
	// prepared.
	Applied int `json:"applied,omitempty"`
	// Unpacker is the path of the program that unpacks streams; empty if the
	// chain has none.
	Unpacker string `json:"unpacker,omitempty"`
	// Unsynced tells that what the stage holds may not all be on the disk yet: it is
	// lost with the watch that Host.stages has on it.
	Unsynced bool `json:"unsynced,omitempty"`
	// Ahead has the SHA-256 of the manifests of those links, at the chain's end, that
	// are not there when the stage is left, empty for one without: each is staged while
	// the tool works on the one before. Nil where all are there, as in an operation that
	// an older program staged.
	Ahead []string `json:"ahead,omitempty"`
	// Unpacked are the links of a chain, counted from 0, that the stage holds
	// whole, unpacked from their streams.
	Unpacked []int `json:"unpacked,omitempty"`
	// ServerProgram is what a verification boots.
	ServerProgram *boot.Program `json:"server_program,omitempty"`
	// ServerOptions are those by which it finds files of its program.
	ServerOptions []string `json:"server_options,omitempty"`
	// Replay is what brings a restored backup to a moment; nil for one that stays as
	// it is.
	Replay *archive.Plan `json:"replay,omitempty"`
	// Placement says how and where a restore goes into place.
	Placement *place.Placement `json:"placement,omitempty"`
}

// Task is what a step is told of its operation.
type Task struct {
	Operation string
	Machine   string
	State     string
	// Events are those that the operation's machine knows: one that an older
	// program has begun does not know them all.
	Events    []string
	Attempt   int
	CreatedAt time.Time
	Args      Args
	Data      Data
	// Cancelled tells a clean-up that it runs because of a cancel.
	Cancelled bool
}

// last is the backup that a chain is for.
func (t Task) last() string { return t.Args.IDList[len(t.Args.IDList)-1] }

// Outcome is what a step returns; its event decides where the machine goes.
type Outcome struct {
	// Event is a word of the state's definition: EventOK, EventMore, ….
	Event string
	// Reason says what the step found or did, for the transition's row.
	Reason string
	// Data replaces the operation's data.
	Data Data
	// Backup, Restore and DeleteBackup are written with the transition.
	Backup       *persistence.Backup
	Restore      *persistence.Restore
	DeleteBackup string
	// Verdicts are what the operation has found out about backups.
	Verdicts []persistence.Verdict
}

// The events steps return. An error is EventFailed.
const (
	EventOK        = "ok"
	EventMore      = "more"
	EventStream    = "stream"
	EventCompress  = "compress"
	EventUnpack    = "unpack"
	EventCount     = "count"
	EventReplay    = "replay"
	EventRewind    = "rewind"
	EventFailed    = "failed"
	EventCancelled = "cancelled"
)

// Step is the work of a state. It has either Run, work done in the daemon, or
// Job, a program that outlives it.
type Step struct {
	// Run does the work. It may be called again after a crash at any point.
	// It returns context.Cause(ctx) as soon as it may when ctx ends.
	Run func(ctx context.Context, t Task) (Outcome, error)
	// Lost looks, before a program is run, whether what it is to work on is lost, and
	// returns what comes instead; nil where that cannot be.
	Lost func(t Task) (Outcome, bool)
	// Job returns the program to run. It changes nothing on the host.
	Job func(ctx context.Context, t Task) (job.Spec, error)
	// Beside is work of the daemon's own, done while the program runs; nil for none. The
	// state is left when both are done, unless the program has failed or Finish goes
	// back: then it is broken off. If it fails, so does the state, and the program is
	// stopped. Like Run, it may be called again after a crash at any point, and returns
	// as soon as it may when ctx ends. It says what it did, for the transition's row.
	Beside func(ctx context.Context, t Task) (did string, err error)
	// Finish judges what the program did.
	Finish func(ctx context.Context, t Task, r job.Result) (Outcome, error)
	// Probe looks at the disk after an interruption and reports whether the work
	// was done; if so, with which outcome.
	Probe func(ctx context.Context, t Task) (Outcome, bool, error)
	// Outcomes are the events it returns, of Run, Finish and Probe alike. Every
	// step can fail besides.
	Outcomes []string
	// Progress tells how far a job is whose folder this is, from what lies on the
	// disk; false if that cannot be told. Other steps are measured by a Meter.
	Progress func(t Task, folder string) (disk.Progress, bool)
}

func ok(t Task, reason string) Outcome {
	return Outcome{Event: EventOK, Reason: reason, Data: t.Data}
}

func errOr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// The targets of a restore, as arguments have them.
const (
	// TargetDatabase is the server's data directory.
	TargetDatabase = "database"
	// TargetFolder is a folder in the backup store.
	TargetFolder = "folder"
	// TargetVerify is the target of a verification: a restore that leaves nothing
	// behind.
	TargetVerify = "verify"
)
