package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/human"
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/disk"
)

// databasePatience is for how long each of the two databases is looked through
// unless all of it is asked for. Of a young one that is all of it.
const databasePatience = 2 * time.Second

// databaseChecks look at the ledger and at the SQLite file that others read, each
// no longer than the patience, and return what is recorded or why that is not
// known.
func databaseChecks(
	ctx context.Context, c *config.Config, wrong map[string]bool, patience time.Duration,
) ([]api.Check, persistence.Inspection, error) {
	ledger, records, err := ledgerChecks(ctx, c, wrong, patience)
	shared, moved, sharedErr := sharedChecks(ctx, c.DatabasePath, wrong, patience)
	if errors.Is(err, fs.ErrNotExist) {
		// The first start takes the records from the file that others read.
		records, err = moved, sharedErr
	}
	return append(ledger, shared...), records, err
}

// ledgerChecks look at the ledger. One that is not there is fs.ErrNotExist.
func ledgerChecks(
	ctx context.Context, c *config.Config, wrong map[string]bool, patience time.Duration,
) ([]api.Check, persistence.Inspection, error) {
	const about, schema = "ledger", "schema"
	if wrong["state_dir"] {
		err := errors.New("the configuration gives no state_dir that could be used")
		return []api.Check{steps.NotChecked(about, err.Error())}, persistence.Inspection{}, err
	}
	path := persistence.LedgerPath(c.StateDir)
	found, err := persistence.Inspect(ctx, path, patience)
	if errors.Is(err, fs.ErrNotExist) {
		notYet := path + " is not there: the daemon makes it when it starts, from what the SQLite file says"
		return []api.Check{steps.Noted(about, notYet)}, found, err
	}
	checks := []api.Check{inspected(about, path, found, err)}
	switch {
	case errors.Is(err, persistence.ErrNewer):
		newer := fmt.Errorf("%w: install the version of this program that the daemon last ran", err)
		checks = append(checks, steps.NewCheck(schema, newer, ""))
	case err != nil:
	case len(found.Damage) > 0:
		err = errors.New("it is damaged")
	case found.Schema < found.Known:
		checks = append(checks, steps.Noted(schema, fmt.Sprintf("version %d; the daemon brings it to version %d when it starts",
			found.Schema, found.Known)))
	default:
		checks = append(checks, steps.NewCheck(schema, nil, fmt.Sprintf("version %d, as this program makes it", found.Schema)))
	}
	return checks, found, err
}

// sharedChecks look at the SQLite file that others read.
func sharedChecks(
	ctx context.Context, path string, wrong map[string]bool, patience time.Duration,
) ([]api.Check, persistence.Inspection, error) {
	const file, integrity = "SQLite file", "integrity"
	if wrong["database_path"] {
		err := errors.New("the configuration gives no database_path that could be used")
		return []api.Check{steps.NotChecked(file, err.Error())}, persistence.Inspection{}, err
	}
	found, err := persistence.Inspect(ctx, path, patience)
	if errors.Is(err, fs.ErrNotExist) {
		return []api.Check{steps.Noted(file, path+" is not there: the daemon makes it when it starts")}, found, nil
	}
	var checks []api.Check
	if info, err := os.Lstat(path); err == nil {
		about := fmt.Sprintf("%s: %s, %s", path, disk.Ownership(info), human.Bytes(found.Size))
		checks = append(checks, steps.NewCheck(file, checkDatabaseWritable(path), about))
	}
	checks = append(checks, inspected(integrity, path, found, err))
	if len(found.Damage) > 0 {
		err = errors.New("it is damaged")
	}
	return checks, found, err
}

// inspected says what a look at a database has found.
func inspected(about, path string, found persistence.Inspection, err error) api.Check {
	switch {
	case errors.Is(err, persistence.ErrNotInspected):
		return steps.NotChecked(about, err.Error())
	case len(found.Damage) > 0:
		remedy := fmt.Sprintf("stop the daemon, move the file aside with its -wal and -shm files, "+
			"save what it still holds with sqlite3's .dump, start the daemon, then %s backups rebuild", program)
		return steps.NewCheck(about, fmt.Errorf("%s is damaged: %s: %s", path, strings.Join(found.Damage, "; "), remedy), "")
	case err != nil && !errors.Is(err, persistence.ErrNewer):
		return steps.NewCheck(about, err, "")
	case found.Partly:
		return steps.Noted(about, fmt.Sprintf("%s has %s: SQLite finds nothing wrong with what it could read of it in so short a time; "+
			"%s doctor --thorough reads all, as the daemon does after each start", path, human.Bytes(found.Size), program))
	}
	return steps.NewCheck(about, nil, "SQLite finds nothing wrong with "+path)
}

// checkDatabaseWritable refuses a file that the daemon could not write: SQLite
// needs its folder and the files beside it, too.
func checkDatabaseWritable(path string) error {
	for _, part := range []string{path, path + "-wal", path + "-shm", filepath.Dir(path)} {
		err := unix.Access(part, unix.W_OK)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s cannot be written by this user: %v: check its owner and mode, and that its file system is not "+
				"mounted read-only", part, err)
		}
	}
	return nil
}
