package inventory

import (
	"context"
	"errors"
	"io/fs"

	"dbcalm-db-cmd/steps/server"
)

// Tablespace is a file of one as it was when a backup of it was taken, by
// whatever name.
type Tablespace struct {
	Inode uint64 `json:"inode"`
	Born  int64  `json:"born,omitempty"`
	// Came tells that it was not there when the copy began.
	Came bool `json:"came,omitempty"`
}

// After is what is kept of a server once a copy has ended: it goes into the
// backup's manifest.
type After struct {
	Tablespaces []Tablespace `json:"tablespaces"`
	Broken      []Broken     `json:"broken,omitempty"`
}

// Came lists the tablespaces there are, and which of them have come since the
// inventory.
func (inv Inventory) Came(after Inventory) []Tablespace {
	// One that was renamed meanwhile has not come.
	before := map[fileID]bool{}
	for _, f := range inv.Files {
		before[fileID{f.Inode, f.Born}] = true
	}
	list := []Tablespace{}
	for _, f := range after.Files {
		if f.IsTablespace() {
			list = append(list, Tablespace{Inode: f.Inode, Born: f.Born, Came: !before[fileID{f.Inode, f.Born}]})
		}
	}
	return list
}

// fileID tells a file from all others, whatever it is called.
type fileID struct {
	inode uint64
	born  int64
}

// Base is what an incremental backup stands on.
type Base struct {
	// Began is where the server's log was when its copy began, 0 if that is not
	// known, ToLSN where the incremental begins.
	Began, ToLSN uint64
	// Tablespaces are those it was taken of; nil for a backup of an older program,
	// which did not note them down. Then those made after Start count as new.
	Tablespaces []Tablespace
	// Start is when its copy began, in nanoseconds of Unix time.
	Start int64
}

// Replaced returns the paths of the tablespaces that the server has and an
// incremental on this base would not carry whole. The tool copies the pages that
// have changed since the base, by their log sequence numbers. Those of a file
// that was put there since may be older: IMPORT TABLESPACE even sets them to 0.
// So each file that the base has not seen is read.
func (b Base) Replaced(ctx context.Context, dataDir string, srv *server.Server) ([]string, error) {
	inv, err := see(ctx, srv, dataDir)
	if err != nil {
		return nil, err
	}
	known := make(map[fileID]bool, len(b.Tablespaces))
	for _, t := range b.Tablespaces {
		known[fileID{t.Inode, t.Born}] = t.Came
	}
	var replaced []string
	for _, f := range inv.Files {
		came, seen := known[fileID{f.Inode, f.Born}]
		switch {
		case !f.IsTablespace() || seen && !came:
			continue
		case b.Tablespaces == nil && (f.Born == 0 || f.Born < b.Start):
			continue
		}
		// What was made while the base was copied has the log of that time, and is
		// in the base; what was made later has a newer one.
		limit := b.ToLSN
		if seen || b.Tablespaces == nil {
			limit = max(b.Began, 1) - 1
		}
		old, err := server.HasPageUpTo(ctx, f.In(dataDir), limit)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if old {
			replaced = append(replaced, f.Path)
		}
	}
	return replaced, nil
}
