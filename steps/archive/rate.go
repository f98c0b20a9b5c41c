package archive

import (
	"fmt"
	"path/filepath"
	"time"

	"dbcalm-db-cmd/steps/disk"
)

// rate is how fast the last replay went, by which the next is estimated.
type rate struct {
	Size    int64   `json:"size"`
	Seconds float64 `json:"seconds"`
}

const (
	rateName = "rate.json"
	// leastTook is from when on a replay tells how fast one goes.
	leastTook = time.Second
)

// NoteRate notes how long a replay took for so many bytes of the log. One that took
// hardly any time says nothing.
func (a *Archive) NoteRate(size int64, took time.Duration) error {
	if size <= 0 || took < leastTook {
		return nil
	}
	if err := disk.WriteJSON(filepath.Join(a.State, rateName), rate{Size: size, Seconds: took.Seconds()}); err != nil {
		return fmt.Errorf("note how fast the replay was: %w", err)
	}
	return nil
}

// estimate is how many seconds a replay of so many bytes takes; 0 where nothing
// tells.
func (a *Archive) estimate(size int64) float64 {
	var r rate
	if err := disk.ReadJSON(filepath.Join(a.State, rateName), maxManifest, &r); err != nil || r.Size <= 0 {
		return 0
	}
	return float64(size) / float64(r.Size) * r.Seconds
}
