package steps

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"
)

// JobProgress is how far a job's stream is.
type JobProgress struct {
	// Plain and Stored are the bytes so far, before and after compression.
	Plain  int64     `json:"plain"`
	Stored int64     `json:"stored"`
	At     time.Time `json:"at"`
}

const progressFile = "progress.json"

// writeProgress notes how far the job is. It is for people to look at: nothing
// depends on it, and it need not survive a power cut.
func writeProgress(folder string, plain, stored int64) {
	text, err := json.Marshal(JobProgress{Plain: plain, Stored: stored, At: time.Now().UTC()})
	if err != nil {
		return
	}
	path := filepath.Join(folder, progressFile)
	if os.WriteFile(path+temporarySuffix, text, 0o600) == nil {
		_ = os.Rename(path+temporarySuffix, path)
	}
}

// ReadProgress returns how far a job's stream is; false when the job has none
// or has not told yet.
func ReadProgress(folder string) (JobProgress, bool) {
	var p JobProgress
	err := readJSON(filepath.Join(folder, progressFile), &p)
	return p, err == nil
}
