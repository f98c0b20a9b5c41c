package tool

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"dbcalm-db-cmd/steps/disk"
)

// MariaDB 10.8 and later write the redo log as one file: a header of 12,288
// bytes that begins with these four, then one byte for each LSN.
// https://jira.mariadb.org/browse/MDEV-14425
const (
	redoLogMagic  = "Phys"
	redoLogHeader = 12288
)

// proveRedoLog checks that the copied redo log reaches as far as the
// checkpoints say: what it lacks are the newest transactions, and no later
// step of the tool would miss them. Other formats cannot be measured this way.
func proveRedoLog(folder string, c Checkpoints) error {
	f, err := disk.OpenRegular(folder, "ib_logfile0")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read redo log: %w", err)
	}
	defer f.Close()
	magic := make([]byte, len(redoLogMagic))
	if _, err := io.ReadFull(f, magic); err != nil {
		return fmt.Errorf("the copied redo log is empty: %w", err)
	}
	if string(magic) != redoLogMagic || c.LastLSN < c.ToLSN {
		return nil
	}
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("read redo log: %w", err)
	}
	// #nosec G115 -- no file, disk or log has 2^63 bytes
	if need := redoLogHeader + int64(c.LastLSN-c.ToLSN); info.Size() < need {
		return fmt.Errorf("the copied redo log ends early: it has %d bytes, LSN %d to %d take %d; the newest transactions are missing", info.Size(), c.ToLSN, c.LastLSN, need)
	}
	return nil
}
