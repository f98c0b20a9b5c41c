package tool

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/server"
)

// Checkpoints are a backup's log sequence numbers and state, as the tool
// writes them.
type Checkpoints struct {
	// Type is full-backuped, incremental, log-applied or full-prepared.
	Type    string
	FromLSN uint64
	ToLSN   uint64
	LastLSN uint64
}

// The types of a backup's checkpoints.
const (
	TypeFull        = "full-backuped"
	TypeIncremental = "incremental"
	// MariaDB's word for a prepared backup, and Percona's two.
	TypeLogApplied   = "log-applied"
	TypeFullPrepared = "full-prepared"
)

// The names each metadata file goes by; MariaDB 11.1
// renamed them.
var (
	CheckpointsNames = []string{"xtrabackup_checkpoints", "mariadb_backup_checkpoints"}
	InfoNames        = []string{"xtrabackup_info", "mariadb_backup_info"}
	OptionsNames     = []string{"backup-my.cnf"}
)

// MaxMetadata is how much is read of one of the tool's own small files, in
// bytes: they have some hundred.
const MaxMetadata = 4 << 20

// ReadMetadata reads one of the tool's key = value files. A file that is
// missing, empty or unreadable is an error: the tool has been seen to report
// success with empty ones.
func ReadMetadata(folder string, names []string) (map[string]string, error) {
	for _, name := range names {
		f, err := disk.OpenRegular(folder, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read metadata: %w", err)
		}
		defer f.Close()
		return ParseMetadata(name, io.LimitReader(f, MaxMetadata))
	}
	return nil, fmt.Errorf("read metadata: %s is missing", names[0])
}

// ParseMetadata reads the content of one of the tool's files. One that says
// nothing is an error.
func ParseMetadata(name string, content io.Reader) (map[string]string, error) {
	values := map[string]string{}
	lines := bufio.NewScanner(content)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if key, value, found := strings.Cut(lines.Text(), "="); found {
			values[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read metadata %s: %w", name, err)
	}
	if len(values) == 0 {
		return nil, fmt.Errorf("read metadata: %s is empty", name)
	}
	return values, nil
}

// ReadCheckpoints reads the checkpoints of a backup's folder.
func ReadCheckpoints(folder string) (Checkpoints, error) {
	values, err := ReadMetadata(folder, CheckpointsNames)
	if err != nil {
		return Checkpoints{}, err
	}
	return ParseCheckpoints(values)
}

func ParseCheckpoints(values map[string]string) (c Checkpoints, err error) {
	c.Type = values["backup_type"]
	for key, into := range map[string]*uint64{"from_lsn": &c.FromLSN, "to_lsn": &c.ToLSN, "last_lsn": &c.LastLSN} {
		if *into, err = strconv.ParseUint(values[key], 10, 64); err != nil {
			return c, fmt.Errorf("read metadata: %s of %s is %q, not a number", key, CheckpointsNames[0], values[key])
		}
	}
	if c.Type == "" {
		return c, fmt.Errorf("read metadata: %s names no backup_type", CheckpointsNames[0])
	}
	return c, nil
}

// ProveBackup checks that a folder holds what a backup was asked for, whatever
// exit code the tool gave. Base is nil for a full backup.
func ProveBackup(folder string, base *Checkpoints) (Checkpoints, error) {
	c, err := ReadCheckpoints(folder)
	if err != nil {
		return c, err
	}
	for _, names := range [][]string{InfoNames, OptionsNames} {
		if _, err := ReadMetadata(folder, names); err != nil {
			return c, err
		}
	}
	if err := proveRedoLog(folder, c); err != nil {
		return c, err
	}
	if err := c.Prove(base); err != nil || base == nil {
		return c, err
	}
	return c, ProveRenames(folder)
}

// Prove checks that the checkpoints are those of what was asked for. Base is
// nil for a full backup.
func (c Checkpoints) Prove(base *Checkpoints) error {
	switch {
	case c.ToLSN < c.FromLSN:
		return fmt.Errorf("the backup ends at LSN %d before it begins at %d", c.ToLSN, c.FromLSN)
	case base == nil && (c.Type != TypeFull || c.FromLSN != 0):
		return fmt.Errorf("a full backup was asked for, the tool made one of type %s from LSN %d", c.Type, c.FromLSN)
	case base != nil && (c.Type != TypeIncremental || c.FromLSN != base.ToLSN):
		return fmt.Errorf("an incremental from LSN %d was asked for, the tool made one of type %s from LSN %d", base.ToLSN, c.Type, c.FromLSN)
	}
	return nil
}

// ProvePrepared checks that a folder is prepared up to the given LSN, and so
// may become a data directory, or, where more links follow, take the next one:
// the tools copy back unprepared ones without a word.
func ProvePrepared(folder string, toLSN uint64, tool string, more bool) error {
	c, err := ReadCheckpoints(folder)
	if err != nil {
		return err
	}
	if c.Type != TypeLogApplied && c.Type != TypeFullPrepared {
		return fmt.Errorf("the tool left the chain unprepared (type %s)", c.Type)
	}
	if want := map[bool]string{true: TypeLogApplied, false: TypeFullPrepared}[more]; tool == toolFor[server.MySQL] && c.Type != want {
		// The last transactions are still open, or can no longer be joined.
		return fmt.Errorf("the tool left the chain in state %s instead of %s", c.Type, want)
	}
	if c.ToLSN != toLSN {
		return fmt.Errorf("the tool prepared the chain up to LSN %d, not %d", c.ToLSN, toLSN)
	}
	return nil
}
