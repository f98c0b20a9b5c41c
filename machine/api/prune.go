package api

import "time"

// PruneRequest asks for the chains to be deleted that the retention does not
// keep.
type PruneRequest struct {
	// DryRun only tells.
	DryRun bool
}

// PruneReport tells of every chain what became of it, and why.
type PruneReport struct {
	// Retention is what is configured; its zero value keeps everything.
	Retention Retention     `json:"retention"`
	DryRun    bool          `json:"dry_run"`
	Chains    []PrunedChain `json:"chains"`
}

// PrunedChain is a full backup with everything that stands on it.
type PrunedChain struct {
	// Chain is the id of the full backup.
	Chain string `json:"chain"`
	// Count and Size, in bytes, are those of all its backups.
	Count int   `json:"count"`
	Size  int64 `json:"size"`
	// Newest is when its newest backup ended.
	Newest time.Time `json:"newest"`
	// Goes says whether the chain is to be deleted, Why gives the reasons for
	// either.
	Goes bool   `json:"goes"`
	Why  string `json:"why"`
	// Backups are the backups of a chain that goes, each after the one it stands
	// on; Deleted counts, from the last, those that are gone.
	Backups []string `json:"backups,omitempty"`
	Deleted int      `json:"deleted"`
	// Problem says why the rest of a chain that goes is still there.
	Problem string `json:"problem"`
}

// Retention says which chains a prune keeps. The zero value keeps all.
type Retention struct {
	// Full keeps the chains of so many of the newest full backups; 0 keeps none
	// for that reason.
	Full int `json:"full"`
	// Days keeps the chains whose newest backup is younger than so many days; 0
	// keeps none for that reason.
	Days int `json:"days"`
}

// IsZero reports whether no retention is configured.
func (r Retention) IsZero() bool { return r == Retention{} }
