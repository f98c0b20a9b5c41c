package wire

import (
	"dbcalm-db-cmd/machine/api"
)

// Args are the arguments of all commands as they are sent.
type Args struct {
	ID           string     `json:"id,omitempty"`
	FromBackupID string     `json:"from_backup_id,omitempty"`
	ScheduleID   *int64     `json:"schedule_id,omitempty"`
	IDList       []string   `json:"id_list,omitempty"`
	Target       api.Target `json:"target,omitempty"`
	Level        api.Level  `json:"level,omitempty"`
	Limit        int        `json:"limit,omitempty"`
	State        string     `json:"state,omitempty"`
	IDPrefix     string     `json:"id_prefix,omitempty"`
	DryRun       bool       `json:"dry_run,omitempty"`
	Prune        bool       `json:"prune,omitempty"`
	Follow       bool       `json:"follow,omitempty"`
	Plan         bool       `json:"plan,omitempty"`
	To           string     `json:"to,omitempty"`
	RequestID    string     `json:"request_id,omitempty"`
}

// Request is a request as it is sent.
type Request struct {
	Command string `json:"cmd"`
	Args    any    `json:"args,omitempty"`
}
