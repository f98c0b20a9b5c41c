package steps

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
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
	typeFull        = "full-backuped"
	typeIncremental = "incremental"
	// MariaDB's word for a prepared backup, and Percona's two.
	typeLogApplied   = "log-applied"
	typeFullPrepared = "full-prepared"
)

// metadataNames are the names each metadata file goes by; MariaDB 11.1
// renamed them.
var (
	checkpointsNames = []string{"xtrabackup_checkpoints", "mariadb_backup_checkpoints"}
	infoNames        = []string{"xtrabackup_info", "mariadb_backup_info"}
	optionsNames     = []string{"backup-my.cnf"}
)

// readMetadata reads one of the tool's key = value files. A file that is
// missing, empty or unreadable is an error: the tool has been seen to report
// success with empty ones.
func readMetadata(folder string, names []string) (map[string]string, error) {
	for _, name := range names {
		f, err := os.Open(filepath.Join(folder, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read metadata: %w", err)
		}
		defer f.Close()
		return parseMetadata(name, f)
	}
	return nil, fmt.Errorf("read metadata: %s is missing", names[0])
}

// parseMetadata reads the content of one of the tool's files. One that says
// nothing is an error.
func parseMetadata(name string, content io.Reader) (map[string]string, error) {
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

// readCheckpoints reads the checkpoints of a backup's folder.
func readCheckpoints(folder string) (Checkpoints, error) {
	values, err := readMetadata(folder, checkpointsNames)
	if err != nil {
		return Checkpoints{}, err
	}
	return parseCheckpoints(values)
}

func parseCheckpoints(values map[string]string) (c Checkpoints, err error) {
	c.Type = values["backup_type"]
	for key, into := range map[string]*uint64{"from_lsn": &c.FromLSN, "to_lsn": &c.ToLSN, "last_lsn": &c.LastLSN} {
		if *into, err = strconv.ParseUint(values[key], 10, 64); err != nil {
			return c, fmt.Errorf("read metadata: %s of %s is %q, not a number", key, checkpointsNames[0], values[key])
		}
	}
	if c.Type == "" {
		return c, fmt.Errorf("read metadata: %s names no backup_type", checkpointsNames[0])
	}
	return c, nil
}

// proveBackup checks that a folder holds what a backup was asked for, whatever
// exit code the tool gave. Base is nil for a full backup.
func proveBackup(folder string, base *Checkpoints) (Checkpoints, error) {
	c, err := readCheckpoints(folder)
	if err != nil {
		return c, err
	}
	for _, names := range [][]string{infoNames, optionsNames} {
		if _, err := readMetadata(folder, names); err != nil {
			return c, err
		}
	}
	if err := proveRedoLog(folder, c); err != nil {
		return c, err
	}
	if err := c.prove(base); err != nil || base == nil {
		return c, err
	}
	return c, proveRenames(folder)
}

// prove checks that the checkpoints are those of what was asked for. Base is
// nil for a full backup.
func (c Checkpoints) prove(base *Checkpoints) error {
	switch {
	case c.ToLSN < c.FromLSN:
		return fmt.Errorf("the backup ends at LSN %d before it begins at %d", c.ToLSN, c.FromLSN)
	case base == nil && (c.Type != typeFull || c.FromLSN != 0):
		return fmt.Errorf("a full backup was asked for, the tool made one of type %s from LSN %d", c.Type, c.FromLSN)
	case base != nil && (c.Type != typeIncremental || c.FromLSN != base.ToLSN):
		return fmt.Errorf("an incremental from LSN %d was asked for, the tool made one of type %s from LSN %d", base.ToLSN, c.Type, c.FromLSN)
	}
	return nil
}

// provePrepared checks that a folder is prepared up to the given LSN, and so
// may become a data directory, or, where more links follow, take the next one:
// the tools copy back unprepared ones without a word.
func provePrepared(folder string, toLSN uint64, tool string, more bool) error {
	c, err := readCheckpoints(folder)
	if err != nil {
		return err
	}
	if c.Type != typeLogApplied && c.Type != typeFullPrepared {
		return fmt.Errorf("the tool left the chain unprepared (type %s)", c.Type)
	}
	if want := map[bool]string{true: typeLogApplied, false: typeFullPrepared}[more]; tool == toolFor[MySQL] && c.Type != want {
		// The last transactions are still open, or can no longer be joined.
		return fmt.Errorf("the tool left the chain in state %s instead of %s", c.Type, want)
	}
	if c.ToLSN != toLSN {
		return fmt.Errorf("the tool prepared the chain up to LSN %d, not %d", c.ToLSN, toLSN)
	}
	return nil
}
