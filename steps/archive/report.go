package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"dbcalm-db-cmd/steps/disk"
)

// Report is what an archive holds, for people.
type Report struct {
	// Collector is where the collector stood when it last said so, at Told; nil where
	// none ever ran.
	Collector *Status   `json:"collector"`
	Told      time.Time `json:"told,omitzero"`
	Ranges    []Range   `json:"ranges"`
	Problems  []string  `json:"problems"`
	// Segments and Stored count what is in the store, Stored in bytes.
	Segments int   `json:"segments"`
	Stored   int64 `json:"stored_bytes"`
}

// Range is a part of an archive without a break: a backup that was taken in it can
// be brought to any moment after that in it.
type Range struct {
	Epoch int `json:"epoch"`
	// Begins says why it begins where it does.
	Begins string `json:"begins"`
	// From and To are its first and its last transaction; both are zero where it has
	// none.
	From     time.Time `json:"from,omitzero"`
	To       time.Time `json:"to,omitzero"`
	FromGTID string    `json:"from_gtid,omitempty"`
	ToGTID   string    `json:"to_gtid,omitempty"`
	// File and Position are its end in the server's binary log.
	File     string `json:"file"`
	Position int64  `json:"position"`
	// ReadAt is when its end was read: up to then nothing else had been committed.
	ReadAt       time.Time `json:"read_at"`
	Transactions int       `json:"transactions"`
	Stored       int64     `json:"stored_bytes"`
}

// Report looks at an archive; one that was never begun is empty.
func (a *Archive) Report() (Report, error) {
	r := Report{Ranges: []Range{}, Problems: []string{}}
	chain, err := a.Chain()
	if err != nil {
		return r, err
	}
	r.Problems = append(r.Problems, chain.Problems...)
	for i, s := range chain.Segments {
		if i == 0 || s.Break != "" {
			begins := s.Break
			if begins == "" {
				begins = "what was before was removed, as no backup needs it"
			}
			r.Ranges = append(r.Ranges, Range{Epoch: s.Epoch, Begins: begins})
		}
		r.Ranges[len(r.Ranges)-1].extend(s)
		r.Segments, r.Stored = r.Segments+1, r.Stored+s.StoredSize
	}
	var told Status
	path := filepath.Join(a.State, statusName)
	switch err := disk.ReadJSON(path, maxManifest, &told); {
	case errors.Is(err, fs.ErrNotExist):
		return r, nil
	case err != nil:
		return r, fmt.Errorf("read the collector's status: %w", err)
	}
	r.Collector = &told
	if info, err := os.Stat(path); err == nil {
		r.Told = info.ModTime().UTC()
	}
	return r, nil
}

func (r *Range) extend(s *Segment) {
	r.File, r.Position, r.ReadAt, r.Stored = s.File, s.To, s.ReadAt, r.Stored+s.StoredSize
	if s.Transactions == 0 {
		return
	}
	if r.Transactions == 0 {
		r.From, r.FromGTID = s.FirstTime, s.First
	}
	r.To, r.ToGTID, r.Transactions = s.LastTime, s.Last, r.Transactions+s.Transactions
}

// Verify compares every segment in the store with its manifest, and reads every
// transaction in it. It tells of each problem, and returns how many segments are
// whole.
func (a *Archive) Verify(ctx context.Context, problem func(string)) (whole int, err error) {
	chain, err := a.Chain()
	if err != nil {
		return 0, err
	}
	for _, p := range chain.Problems {
		problem(p)
	}
	// Not in the store: whoever verifies need not be able to write there.
	file, err := os.CreateTemp("", "dbcalm-segment-")
	if err != nil {
		return 0, fmt.Errorf("verify the archive: %w", err)
	}
	defer file.Close()
	if err := os.Remove(file.Name()); err != nil {
		return 0, fmt.Errorf("verify the archive: %w", err)
	}
	for i, s := range chain.Segments {
		if ctx.Err() != nil {
			return whole, context.Cause(ctx)
		}
		err := a.unpack(ctx, s, file)
		if err == nil {
			err = s.agrees(file)
		}
		if before := i - 1; err == nil && before >= 0 && s.Break == "" && !s.before.Equal(chain.Segments[before].after) {
			err = fmt.Errorf("%w: segment %d does not go on where the one before ended", ErrDamaged, s.Number)
		}
		switch {
		case errors.Is(err, ErrDamaged):
			problem(err.Error())
		case err != nil:
			return whole, err
		default:
			whole++
		}
	}
	return whole, nil
}
