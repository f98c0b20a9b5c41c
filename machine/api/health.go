package api

import "time"

// Health says whether the daemon can do its work, and what last went wrong.
type Health struct {
	// Status is ok or failing.
	Status string `json:"status"`
	// Checks holds, for the name of each check, ok or what is wrong and what to
	// do about it.
	Checks map[string]string `json:"checks"`
	// LastError is the newest failure of an operation. It does not make the
	// daemon any less healthy.
	LastError *LastError `json:"last_error"`
}

// LastError is the failure of an operation.
type LastError struct {
	Operation string    `json:"operation"`
	Machine   string    `json:"machine"`
	Backup    string    `json:"backup"`
	State     string    `json:"state"`
	At        time.Time `json:"at"`
	Error     string    `json:"error"`
}

// The statuses of health, and a check's verdict if nothing is wrong.
const (
	HealthOK      = "ok"
	HealthFailing = "failing"
)
