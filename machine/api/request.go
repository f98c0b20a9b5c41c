package api

import (
	"slices"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/archive"
)

// BackupRequest asks for a full backup, or, with FromBackupID, for an
// incremental one that stands on that backup.
type BackupRequest struct {
	ID           string
	FromBackupID string
	ScheduleID   *int64
	// RequestID names the command so that it can be sent again without being
	// carried out again; empty for none. So it does in every request.
	RequestID string
}

// Target says where a restore puts the chain.
type Target string

// The two targets of a restore.
const (
	// TargetDatabase puts the chain into the server's data directory.
	TargetDatabase Target = steps.TargetDatabase
	// TargetFolder leaves a prepared directory in the backup store.
	TargetFolder Target = steps.TargetFolder
)

// RestoreRequest asks for a chain to be restored. IDList holds the full
// backup first, then its incrementals in order. To is the moment that the data is
// brought to after that, as CheckMoment takes it; empty for that of the backup.
type RestoreRequest struct {
	IDList    []string
	Target    Target
	To        string
	RequestID string
}

// CheckMoment refuses what is no moment, and times that do not say their zone.
func CheckMoment(text string) error {
	_, err := archive.ParseMoment(text, nil)
	return err
}

// Level is how thoroughly a verification looks.
type Level = persistence.Level

// VerifyRequest asks for a backup, with the chain it stands on, to be
// verified. An empty Level means DefaultLevel.
type VerifyRequest struct {
	ID        string
	Level     Level
	RequestID string
}

// DefaultLevel is the level of a verification that is asked for without one.
const DefaultLevel = persistence.LevelChecksum

// Levels are all levels, each of which proves what those before it prove.
func Levels() []Level { return slices.Clone(persistence.Levels) }

// DeleteRequest asks for a backup to be deleted.
type DeleteRequest struct {
	ID        string
	RequestID string
}

// OperationFilter narrows a listing of operations. The zero value lists the
// newest 50 of every state and status.
type OperationFilter struct {
	// Limit is the most operations to return; 0 means 50.
	Limit int
	// State keeps the operations whose state or status is this word, IDPrefix those
	// whose id begins with these letters. Not both are given.
	State    string
	IDPrefix string
}

// Args are an operation's arguments as accepted.
type Args = steps.Args

// Plan is what an operation would do, and what stands in its way.
type Plan = steps.Plan

// Check is one thing that was looked at.
type Check = steps.Check
