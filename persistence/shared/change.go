package shared

// Change is what one transaction of the ledger means to the shared file:
// the rows as they are after it. It is put into the outbox in that transaction
// and leaves it when the shared file has it.
type Change struct {
	Processes []Process `json:"processes,omitempty"`
	Backups   []Backup  `json:"backups,omitempty"`
	Restores  []Restore `json:"restores,omitempty"`
	// Deleted are ids of backups, Withdrawn ids of commands that were not
	// accepted in the end, Forgotten ids of commands that ended long ago.
	Deleted   []string `json:"deleted,omitempty"`
	Withdrawn []string `json:"withdrawn,omitempty"`
	Forgotten []string `json:"forgotten,omitempty"`
}

// Process is a row of the ledger's process table. Process is its id there,
// Shared the one it has in the shared file, 0 for not yet.
type Process struct {
	Process    int64   `json:"process"`
	Shared     int64   `json:"-"`
	CommandID  string  `json:"command_id"`
	Command    string  `json:"command"`
	PID        int64   `json:"pid"`
	Status     string  `json:"status"`
	Output     *string `json:"output,omitempty"`
	Error      *string `json:"error,omitempty"`
	ReturnCode *int64  `json:"return_code,omitempty"`
	StartTime  string  `json:"start_time"`
	EndTime    *string `json:"end_time,omitempty"`
	Type       string  `json:"type"`
	Args       string  `json:"args"`
}

// Backup is a row of the ledger's backup table.
type Backup struct {
	ID           string  `json:"id"`
	FromBackupID *string `json:"from_backup_id,omitempty"`
	ScheduleID   *int64  `json:"schedule_id,omitempty"`
	StartTime    string  `json:"start_time"`
	EndTime      *string `json:"end_time,omitempty"`
	Process      int64   `json:"process"`
	Size         *int64  `json:"size,omitempty"`
}

// Restore is a row of the ledger's restore table.
type Restore struct {
	Restore         int64   `json:"restore"`
	Shared          int64   `json:"-"`
	BackupID        string  `json:"backup_id"`
	BackupTimestamp string  `json:"backup_timestamp"`
	Target          string  `json:"target"`
	TargetPath      string  `json:"target_path"`
	StartTime       string  `json:"start_time"`
	EndTime         *string `json:"end_time,omitempty"`
	Process         int64   `json:"process"`
}

// Landed are the ids of rows in the shared file, by those they have in the
// ledger, and the backups whose rows are there.
type Landed struct {
	Processes, Restores map[int64]int64
	Backups             []string
	// Unscheduled are backups whose schedule is not there.
	Unscheduled []string
}
