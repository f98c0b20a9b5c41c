package api

// RebuildRequest asks for a comparison of the table of backups with the store.
type RebuildRequest struct {
	// Prune also removes the records of backups that have no folder, and what
	// ended operations have left in the store.
	Prune bool
}

// RebuildReport is what a rebuild found and did.
type RebuildReport struct {
	// Recorded counts the backups that are recorded now.
	Recorded int       `json:"recorded"`
	Findings []Finding `json:"findings"`
}

// Finding is one thing in which the table of backups and the store differ.
type Finding struct {
	// Name is a backup's id, or a folder's name in backup_dir.
	Name string `json:"name"`
	// Found is one of the words below.
	Found string `json:"found"`
	// Done is what was done about it; empty when it is left to a person.
	Done string `json:"done"`
	// Advice says more, and, of what is left to a person, what to do.
	Advice string `json:"advice"`
	// NotMadeHere tells of a backup that is recorded, and of whose manifest the
	// ledger does not know that an operation of its own has written it.
	NotMadeHere bool `json:"not_made_here,omitempty"`
}

// What a finding is about.
const (
	// FoundNoRecord: a backup whose record is lost.
	FoundNoRecord = "no record"
	// FoundNoFolder: a record of a backup whose folder is missing.
	FoundNoFolder = "no folder"
	// FoundNoManifest: a folder that is no backup, or one of an older program.
	FoundNoManifest = "no manifest"
	// FoundNoBase: a backup on one that is not there.
	FoundNoBase = "no base"
	// FoundMismatch: a folder, a record and the chain around them contradict
	// each other.
	FoundMismatch = "mismatch"
	// FoundDamaged: a folder that is not as its manifest says.
	FoundDamaged = "damaged"
	// FoundLeftover: work of an operation that is over.
	FoundLeftover = "leftover"
)

// What was done about a finding.
const (
	DoneRecorded   = "recorded"
	DoneUnrecorded = "record removed"
	DoneRemoved    = "removed"
)
