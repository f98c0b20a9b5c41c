package job

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"dbcalm-db-cmd/steps/disk"
)

// Progress is how far a job's stream is.
type Progress struct {
	// Plain and Stored are the bytes so far, before and after compression.
	Plain  int64     `json:"plain"`
	Stored int64     `json:"stored"`
	At     time.Time `json:"at"`
}

const ProgressFile = "progress.json"

// WriteProgress notes how far the job is. It is for people to look at: nothing
// depends on it, and it need not survive a power cut.
func WriteProgress(folder string, plain, stored int64) {
	text, err := json.Marshal(Progress{Plain: plain, Stored: stored, At: time.Now().UTC()})
	if err != nil {
		return
	}
	path := filepath.Join(folder, ProgressFile)
	if os.WriteFile(path+disk.TemporarySuffix, text, 0o600) == nil {
		_ = os.Rename(path+disk.TemporarySuffix, path)
	}
}

// ReadProgress returns how far a job's stream is; false when the job has none
// or has not told yet.
func ReadProgress(folder string) (Progress, bool) {
	var p Progress
	err := disk.ReadJSON(filepath.Join(folder, ProgressFile), maxFile, &p)
	return p, err == nil
}
