package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/disk"
)

// ErrDamaged is in the chain of what a person is told of damage.
var ErrDamaged = errors.New("is damaged")

// WrongSum is the error of a file that does not hold what was backed up.
func WrongSum(f ManifestFile) error {
	return fmt.Errorf("file %s %w: its checksum is not the recorded one", f.Path, ErrDamaged)
}

// Damage is an error that is the stored backup's own, not the host's or a
// tool's. It is recorded against the backup, whatever operation meets it.
type Damage struct {
	Backup string
	// MadeBy is the operation that made the backup, as in persistence.Verdict.
	MadeBy string
	// Level is the least level at which a verification finds it.
	Level persistence.Level
	Err   error
}

func (d *Damage) Error() string { return d.Err.Error() }

// Unwrap returns the error without the backup it is about.
func (d *Damage) Unwrap() error { return d.Err }

// Verdict is what is recorded: of an error with a program's last lines, the
// sentence before them.
func (d *Damage) Verdict() persistence.Verdict {
	sentence, _, _ := strings.Cut(d.Error(), "\n")
	return persistence.Verdict{BackupID: d.Backup, MadeBy: d.MadeBy, Level: d.Level, Damage: sentence}
}

// ChainAdvice ends what is said of damage: nothing can mend a backup.
const ChainAdvice = "use another chain"

// damaged returns the Damage of a backup, of which the error says what is
// wrong.
func (s *Store) damaged(id string, level persistence.Level, err error) *Damage {
	return s.Damage(id, level, fmt.Errorf("backup '%s' is damaged: %w; %s", id, err, ChainAdvice))
}

// Damage is damaged for an error that is a sentence of its own.
func (s *Store) Damage(id string, level persistence.Level, err error) *Damage {
	return &Damage{Backup: id, MadeBy: s.MadeBy(id), Level: level, Err: err}
}

// MadeBy returns the operation that made a stored backup, empty where nothing
// tells. It reads no further than it must: manifests grow with the number of
// tables.
func (s *Store) MadeBy(id string) string {
	f, err := disk.OpenRegular(s.Folder(id), ManifestName)
	if err != nil {
		return ""
	}
	defer f.Close()
	decoder := json.NewDecoder(io.LimitReader(f, MaxManifest))
	if _, err := decoder.Token(); err != nil {
		return ""
	}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return ""
		}
		var value any
		if err := decoder.Decode(&value); err != nil {
			return ""
		}
		if operation, found := value.(string); found && key == "operation" {
			return operation
		}
	}
	return ""
}

// Malformed reports whether an error is that of a file which is no JSON, or not
// of the form it should have, or no ordinary file.
func Malformed(err error) bool {
	if errors.Is(err, ErrForged) || errors.Is(err, disk.ErrRefused) || errors.Is(err, disk.ErrTooLarge) {
		return true
	}
	_, syntax := errors.AsType[*json.SyntaxError](err)
	_, kind := errors.AsType[*json.UnmarshalTypeError](err)
	return syntax || kind
}

// unreadable reports whether an error is that of a disk which cannot give back
// what was written to it.
func unreadable(err error) bool {
	path, found := errors.AsType[*fs.PathError](err)
	return found && path.Op == "read" && errors.Is(err, unix.EIO)
}

// damaged is Host.damaged for who has read the manifest.
func (m *Manifest) damaged(level persistence.Level, err error) *Damage {
	return &Damage{Backup: m.ID, MadeBy: m.Operation, Level: level, Err: fmt.Errorf("backup '%s' is damaged: %w; %s", m.ID, err, ChainAdvice)}
}

// Blame makes the error of reading a backup's files the backup's own where it
// is: a file holds something else, or its disk cannot read it any more.
func (s *Store) Blame(id string, err error) error {
	if errors.Is(err, ErrDamaged) || unreadable(err) {
		return s.damaged(id, persistence.LevelChecksum, err)
	}
	return err
}
