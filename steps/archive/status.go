package archive

import (
	"fmt"
	"time"
)

// State is what the collector does.
type State string

// The states of a collector.
const (
	// Checking: it looks where the archive goes on.
	Checking State = "checking"
	// Following: it reads what the server writes.
	Following State = "following"
	// Waiting: the server is not there, or no backup store yet.
	Waiting State = "waiting"
	// Held: a restore into the data directory is under way.
	Held State = "held"
	// Off: the server keeps no binary log that can be read.
	Off State = "off"
	// Stuck: something is in the way that has to be mended.
	Stuck State = "stuck"
)

// Status is where the collector stands.
type Status struct {
	State  State     `json:"state"`
	Reason string    `json:"reason"`
	Since  time.Time `json:"since"`
	// GTID and Committed are of the newest transaction that is on the store's disk.
	GTID      string    `json:"gtid,omitempty"`
	Committed time.Time `json:"committed,omitzero"`
	// Lag is how long before now that was, in seconds: what the server has committed
	// since is not on that disk. It is 0 when the server has committed nothing since.
	Lag float64 `json:"lag_seconds"`
	// Warning says that the server may delete what has not been read yet; empty if it
	// need not be feared.
	Warning string `json:"warning,omitempty"`
	// Sealed counts the segments in the store that a restore can use; Breaks are
	// those of them before which a range ends, the first one aside.
	Sealed int `json:"segments"`
	Breaks int `json:"breaks"`
	// Oldest and Newest are the times of the first and the last transaction of the
	// newest range.
	Oldest time.Time `json:"oldest,omitzero"`
	Newest time.Time `json:"newest,omitzero"`
}

// statusName is the file of the status, in the archive's state folder; writeEvery
// is how often it is written while nothing changes.
const (
	statusName = "status.json"
	writeEvery = 10 * time.Second
)

// Follows reports whether it reads what the server writes.
func (s Status) Follows() bool { return s.State == Following }

// Failing says what a person has to do something about; empty for nothing.
func (s Status) Failing() string {
	if s.State == Off || s.State == Stuck {
		return fmt.Sprintf("the archive is %s: %s", s.State, s.Reason)
	}
	return s.Warning
}

const timeForm = "2006-01-02 15:04:05 UTC"
