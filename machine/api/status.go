package api

import "dbcalm-db-cmd/persistence"

// The statuses of an operation, as its views have them.
const (
	StatusWaiting   = string(persistence.Waiting)
	StatusRunning   = string(persistence.Running)
	StatusSucceeded = string(persistence.Succeeded)
	StatusFailed    = string(persistence.Failed)
	StatusCancelled = string(persistence.Cancelled)
)

// Over reports whether an operation has ended. One of a status that this
// program does not know, as a newer daemon may have, has not.
func (s OperationSummary) Over() bool {
	return s.Status == StatusSucceeded || s.Status == StatusFailed || s.Status == StatusCancelled
}
