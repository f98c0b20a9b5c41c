package api

import (
	"time"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/archive"
)

// Figures are what there is to count of operations and backups. They come from
// the database and the store, so that a new daemon goes on where the last one
// was.
type Figures struct {
	persistence.Figures
	// Machines are the machines there are, with the states that can fail.
	Machines map[string][]string
	Backups  BackupFigures
	// Archive is where the archive of the binary log stands; nil where none is kept.
	Archive *ArchiveFigures
}

// ArchiveFigures are what there is to count of the archive of the binary log.
type ArchiveFigures = archive.Status

// What Figures are made of.
type (
	OpenFigure     = persistence.OpenFigure
	EndFigure      = persistence.EndFigure
	TookFigure     = persistence.TookFigure
	SurvivedFigure = persistence.SurvivedFigure
)

// BackupFigures are what there is to count of the recorded backups.
type BackupFigures struct {
	Full, Incremental KindFigures
	// Damaged counts the backups in which a verification has found damage.
	Damaged int
	// Good is when the newest backup was ended that nothing is known against:
	// each link of its chain is recorded, has all its files, joins the one before
	// and is not known as damaged. It is the zero time without one.
	Good time.Time
	// Newest is the verification of the newest backup's chain; nil without a
	// backup.
	Newest *ChainFigures
}

// KindFigures are about the backups of one kind.
type KindFigures struct {
	Count int
	// Ended and Size are those of the newest; the zero time without one.
	Ended time.Time
	Size  int64
}

// ChainFigures are the least that is known of any link of a chain.
type ChainFigures struct {
	// Level is how many of the levels of verification all links have passed.
	Level int
	// Passed is when the link was last verified for which that is longest ago;
	// the zero time if one never was.
	Passed time.Time
}
