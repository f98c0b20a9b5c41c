package api

import "time"

// OperationSummary is one line of a listing of operations.
type OperationSummary struct {
	ID      string `json:"id"`
	Machine string `json:"machine"`
	// Backup is the backup the operation makes, restores or verifies (the
	// chain's last link), or deletes.
	Backup string `json:"backup"`
	State  string `json:"state"`
	// Status is waiting, running, succeeded, failed or cancelled.
	Status  string `json:"status"`
	Attempt int    `json:"attempt"`
	Error   string `json:"error"`
	// AskedBy is nil where nobody asked, or nobody knows who.
	AskedBy *Asker `json:"asked_by,omitempty"`
	// Progress is set while work is under way that can be measured.
	Progress   *ProgressView `json:"progress,omitempty"`
	CreatedAt  time.Time     `json:"created_at"`
	StartedAt  *time.Time    `json:"started_at"`
	FinishedAt *time.Time    `json:"finished_at"`
}

// ProgressView is how far the state of a running operation is.
type ProgressView struct {
	// What says what the state does.
	What string `json:"what"`
	// DoneBytes of TotalBytes are done; a total of 0 means that none is known.
	DoneBytes  int64 `json:"done_bytes"`
	TotalBytes int64 `json:"total_bytes"`
	// BytesPerSecond is the mean of the whole state, 0 before anything is done.
	BytesPerSecond float64 `json:"bytes_per_second"`
	// SecondsLeft is what is left at that rate; nil when nobody can tell.
	SecondsLeft *float64  `json:"seconds_left"`
	Since       time.Time `json:"since"`
}

// OperationView is everything the daemon knows of one operation.
type OperationView struct {
	OperationSummary
	// Args are the arguments as accepted.
	Args Args `json:"args"`
	// Definition is the text of the machine the operation runs on, as it was when
	// the operation began.
	Definition string `json:"definition,omitempty"`
	// Command is the command that an open operation carries out, empty if nobody
	// knows any more.
	Command string `json:"-"`
	// Cancellable says whether the operation can still be cancelled.
	Cancellable bool             `json:"cancellable"`
	Transitions []TransitionView `json:"transitions"`
	Processes   []ProcessView    `json:"processes"`
}

// TransitionView is one persisted transition.
type TransitionView struct {
	Seq     int64     `json:"seq"`
	From    string    `json:"from"`
	Event   string    `json:"event"`
	To      string    `json:"to"`
	Attempt int       `json:"attempt"`
	At      time.Time `json:"at"`
	Reason  string    `json:"reason"`
}

// ProcessView is one row of the process table.
type ProcessView struct {
	ID         int64      `json:"id"`
	Command    string     `json:"command"`
	PID        *int64     `json:"pid"`
	Status     string     `json:"status"`
	ReturnCode *int64     `json:"return_code"`
	Output     string     `json:"output"`
	Error      string     `json:"error"`
	StartTime  time.Time  `json:"start_time"`
	EndTime    *time.Time `json:"end_time"`
}

// BackupView is one recorded backup.
type BackupView struct {
	ID           string `json:"id"`
	FromBackupID string `json:"from_backup_id"`
	// Number orders backups by when they were made: that of the operation, 0 where
	// the ledger does not know it.
	Number     int64      `json:"-"`
	ScheduleID *int64     `json:"schedule_id"`
	StartTime  time.Time  `json:"start_time"`
	EndTime    *time.Time `json:"end_time"`
	// Size is what is stored of it in bytes; nil when it was never recorded.
	Size *int64 `json:"size"`
	// DataSize is the size of what it holds in bytes, uncompressed; nil when its
	// files do not tell.
	DataSize *int64 `json:"data_size,omitempty"`
	// ServerVersion is that of the server it was taken of; empty when its files do
	// not tell.
	ServerVersion string `json:"server_version,omitempty"`
	// Form says how the backup is stored: directory, gzip, zstd, stream,
	// stream+zstd, forwarded, …; empty when its files do not tell.
	Form string `json:"form"`
	// FromLSN and ToLSN are the server's log sequence numbers the backup
	// covers; both 0 when its files do not tell.
	FromLSN uint64 `json:"from_lsn"`
	ToLSN   uint64 `json:"to_lsn"`
	// Tool is the program that took it, with its version, Operation the operation
	// that made it, Binlog where the server's binary log was; empty and nil where its
	// files do not tell.
	Tool      string      `json:"tool,omitempty"`
	Operation string      `json:"operation,omitempty"`
	Binlog    *BinlogView `json:"binlog,omitempty"`
	// Unrecorded says that the backup is in the store only: it has no record.
	Unrecorded bool `json:"unrecorded,omitempty"`
	// Verified is the highest level at which the backup was ever proved; nil for
	// none.
	Verified *VerifiedView `json:"verified"`
	// Problem says why the backup cannot be used, empty when nothing is known
	// against it (its folder is missing, say, or a verification found damage).
	Problem string `json:"problem"`
}

// BinlogView is where a server's binary log was at the moment a backup is of.
type BinlogView struct {
	File     string `json:"file"`
	Position uint64 `json:"position"`
	// GTID is empty where the server counted none.
	GTID string `json:"gtid,omitempty"`
	// Replica are the statements that make a replica of a server on which the
	// backup was restored.
	Replica []string `json:"replica"`
}

// VerifiedView is what a backup was proved to be, and when last.
type VerifiedView struct {
	Level Level     `json:"level"`
	At    time.Time `json:"at"`
}

// RetryDecision says where a retried operation goes on.
type RetryDecision struct {
	State   string `json:"state"`
	Attempt int    `json:"attempt"`
	Reason  string `json:"reason"`
}

// LogChunk is a piece of an operation's log.
type LogChunk struct {
	// State and Attempt say for which work the program ran, Output which of its
	// outputs this is: output.log is the program's own, shell.log that of the
	// command a stream goes to or comes from.
	State   string `json:"state"`
	Attempt int    `json:"attempt"`
	Output  string `json:"output"`
	// Text is in whole lines while the program runs.
	Text string `json:"text"`
	// Missing says that the output is kept no more.
	Missing bool `json:"missing,omitempty"`
}
