package steps

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/persistence"
)

// errDamaged is in the chain of what a person is told of damage.
var errDamaged = errors.New("is damaged")

// wrongSum is the error of a file that does not hold what was backed up.
func wrongSum(f ManifestFile) error {
	return fmt.Errorf("file %s %w: its checksum is not the recorded one", f.Path, errDamaged)
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

// chainAdvice ends what is said of damage: nothing can mend a backup.
const chainAdvice = "use another chain"

// damaged returns the Damage of a backup, of which the error says what is
// wrong.
func (h *Host) damaged(id string, level persistence.Level, err error) *Damage {
	return h.damage(id, level, fmt.Errorf("backup '%s' is damaged: %w; %s", id, err, chainAdvice))
}

// damage is damaged for an error that is a sentence of its own.
func (h *Host) damage(id string, level persistence.Level, err error) *Damage {
	return &Damage{Backup: id, MadeBy: h.MadeBy(id), Level: level, Err: err}
}

// MadeBy returns the operation that made a stored backup, empty where nothing
// tells. It reads no further than it must: manifests grow with the number of
// tables.
func (h *Host) MadeBy(id string) string {
	f, err := os.Open(filepath.Join(h.BackupFolder(id), ManifestName))
	if err != nil {
		return ""
	}
	defer f.Close()
	decoder := json.NewDecoder(f)
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

// malformed tells whether an error is that of a file which is no JSON, or not
// of the form it should have.
func malformed(err error) bool {
	_, syntax := errors.AsType[*json.SyntaxError](err)
	_, kind := errors.AsType[*json.UnmarshalTypeError](err)
	return syntax || kind
}

// unreadable tells whether an error is that of a disk which cannot give back
// what was written to it.
func unreadable(err error) bool {
	path, found := errors.AsType[*fs.PathError](err)
	return found && path.Op == "read" && errors.Is(err, unix.EIO)
}

// hostTrouble are words in a program's output by which its failure is the
// host's, or that of its settings, and says nothing about the backup.
var hostTrouble = []string{
	"No space left on device", "Errcode: 28", "error: 28", "error number 28", "error 28", "errno: 28", "Disk full",
	"Too many open files", "Permission denied", "Errcode: 13", "error number 13",
	"Cannot allocate memory", "Cannot allocate", "Out of memory", "Read-only file system",
	"Disk quota exceeded", "error while loading shared libraries",
}

// fullDisk is so little room in bytes that a failure on such a disk is put
// down to it.
const fullDisk = 4 << 20

// hostFault tells whether a program that worked in a folder has failed for
// want of something there rather than because of the backup.
func hostFault(folder, output string) bool {
	for _, words := range hostTrouble {
		if strings.Contains(output, words) {
			return true
		}
	}
	free, err := freeSpace(folder)
	return err == nil && free < fullDisk
}

// damaged is Host.damaged for who has read the manifest.
func (m *Manifest) damaged(level persistence.Level, err error) *Damage {
	return &Damage{Backup: m.ID, MadeBy: m.Operation, Level: level, Err: fmt.Errorf("backup '%s' is damaged: %w; %s", m.ID, err, chainAdvice)}
}

// blame makes the error of reading a backup's files the backup's own where it
// is: a file holds something else, or its disk cannot read it any more.
func (h *Host) blame(id string, err error) error {
	if errors.Is(err, errDamaged) || unreadable(err) {
		return h.damaged(id, persistence.LevelChecksum, err)
	}
	return err
}

// blameRun makes the failure of a program that unpacked or prepared a chain
// that of the backup the chain is for, unless the host is to blame. Whichever
// link it is that the program stumbled over, only that backup can be tried
// again to see whether it still does.
func (h *Host) blameRun(t Task, r JobResult, err error) error {
	if r.StartError != "" || r.Stopped || r.Signal != "" || r.SyncError != "" || r.Fault != "" {
		return err
	}
	if hostFault(t.Data.Placement.Stage, r.Tail+"\n"+strings.Join(r.Complaints, "\n")) {
		return err
	}
	if tool, found := errors.AsType[*ToolError](err); found {
		tool.Summary += "; " + chainAdvice
	}
	return h.damage(t.last(), persistence.LevelPrepare, err)
}

// blameStream makes a stream that does not come as it was stored the backup's
// own fault. That a command does not give it is not: the stream may be whole
// where it lies.
func (h *Host) blameStream(t Task, id string, r JobResult, err error) error {
	if r.Damaged || strings.Contains(r.Fault, unix.EIO.Error()) {
		return h.damage(id, persistence.LevelChecksum, err)
	}
	if t.Data.Placement == nil {
		return err
	}
	return h.blameRun(t, r, err)
}
