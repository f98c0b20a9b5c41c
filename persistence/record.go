package persistence

import (
	"encoding/json"
	"time"
)

// Status is where an operation stands, as people see it.
type Status string

// The statuses of an operation.
const (
	Waiting   Status = "waiting"
	Running   Status = "running"
	Succeeded Status = "succeeded"
	Failed    Status = "failed"
	Cancelled Status = "cancelled"
)

// Open reports whether an operation of this status is still to be worked on.
func (s Status) Open() bool { return s == Waiting || s == Running }

// Operation is one accepted command.
type Operation struct {
	// Number orders operations by acceptance.
	Number  int64
	ID      string
	Machine string
	// Definition is the text of the machine the operation began with; empty if
	// that is lost.
	Definition string
	// ReplacesDataDirectory says that its success puts other data into the
	// server's data directory.
	ReplacesDataDirectory bool
	// BackupID is the backup made, deleted, or, of a restore, the last link.
	BackupID string
	Args     json.RawMessage
	State    string
	Status   Status
	// Seq counts transitions; a transition is refused unless it names it.
	Seq     int64
	Attempt int
	// Data is what earlier steps left for later ones, a JSON object.
	Data json.RawMessage
	// FailedIn is the state whose failure ended the operation.
	FailedIn   string
	Error      string
	CancelAt   *time.Time
	CreatedAt  time.Time
	StartedAt  *time.Time
	FinishedAt *time.Time
	// AskedBy is who asked for it, a JSON object; empty if nobody did or if it
	// was accepted before this was recorded.
	AskedBy string
}

// Transition is one persisted transition of an operation.
type Transition struct {
	Seq     int64
	From    string
	Event   string
	To      string
	Attempt int
	At      time.Time
	Reason  string
}

// ProcessType is what the other programs file a process under.
type ProcessType string

// The process types of the contract.
const (
	TypeBackup  ProcessType = "backup"
	TypeRestore ProcessType = "restore"
	TypeCleanup ProcessType = "cleanup_backups"
)

// Process is a row of the process table. ID is its id in the ledger, SharedID
// that in the shared file, 0 until it is there.
type Process struct {
	ID         int64
	SharedID   int64
	CommandID  string
	Command    string
	PID        *int64
	Status     string
	Output     string
	Error      string
	ReturnCode *int64
	StartTime  time.Time
	EndTime    *time.Time
	Type       ProcessType
	Args       json.RawMessage
}

// Backup is a row of the backup table.
type Backup struct {
	ID string
	// Number is that of the operation that made it, by which backups are ordered;
	// 0 where the ledger does not know it.
	Number       int64
	FromBackupID string
	ScheduleID   *int64
	StartTime    time.Time
	EndTime      *time.Time
	ProcessID    int64
	// Size is in bytes.
	Size *int64
	// ManifestSHA256 is that of the manifest with which it was recorded; empty
	// where that is not known.
	ManifestSHA256 string
	// Store tells the backup store it was recorded in from another in its place;
	// empty where that is not known.
	Store string
}

// Restore is a row of the restore table.
type Restore struct {
	BackupID        string
	BackupTimestamp time.Time
	Target          string
	TargetPath      string
	StartTime       time.Time
	EndTime         time.Time
}

// Job names a tree of programs that outlives the daemon, and its folder. The
// row is committed before either exists.
type Job struct {
	ID          int64
	OperationID string
	State       string
	Attempt     int
	Folder      string
	ProcessID   int64
	// PID, StartTicks and BootID name the supervisor; 0 until it is known.
	PID        int
	StartTicks uint64
	BootID     string
	CreatedAt  time.Time
	EndedAt    *time.Time
}

// Use says what an open operation does with a backup.
type Use string

// The uses a backup can be put to.
const (
	Makes   Use = "makes"
	Reads   Use = "reads"
	Deletes Use = "deletes"
)

// Claim is an operation's use of a backup while the operation is open.
type Claim struct {
	OperationID string
	BackupID    string
	Use         Use
}
