package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/human"
	"dbcalm-db-cmd/machine"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/disk"
)

// databaseChecks look at the SQLite file, and return what is recorded in it or
// why that is not known.
func databaseChecks(ctx context.Context, path string, wrong map[string]bool) ([]machine.Check, persistence.Inspection, error) {
	const file, integrity, schema = "SQLite file", "integrity", "schema"
	if wrong["database_path"] {
		err := errors.New("the configuration gives no database_path that could be used")
		return []machine.Check{steps.NotChecked(file, err.Error())}, persistence.Inspection{}, err
	}
	found, err := persistence.Inspect(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		return []machine.Check{steps.Noted(file, path+" is not there: the daemon makes it when it starts; if it was lost, "+program+
			" backups rebuild then records the backups again")}, found, nil
	}
	var checks []machine.Check
	if info, err := os.Stat(path); err == nil {
		checks = append(checks, steps.NewCheck(file, checkDatabaseWritable(path),
			fmt.Sprintf("%s: %s, %s", path, disk.Ownership(info), human.Bytes(found.Size))))
	}
	switch {
	case errors.Is(err, persistence.ErrNotInspected):
		return append(checks, steps.NotChecked(integrity, err.Error())), found, err
	case err != nil && !errors.Is(err, persistence.ErrNewer) && len(found.Damage) == 0:
		return append(checks, steps.NewCheck(integrity, err, "")), found, err
	case len(found.Damage) > 0:
		return append(checks, steps.NewCheck(integrity, fmt.Errorf("%s is damaged: %s: stop the daemon, move the file aside "+
			"with its -wal and -shm files, save what it still holds with sqlite3's .dump, start the daemon, then %s backups rebuild",
			path, strings.Join(found.Damage, "; "), program), "")), found, errors.New("it is damaged")
	}
	checks = append(checks, steps.NewCheck(integrity, nil, "SQLite finds nothing wrong with the file"))
	switch {
	case err != nil:
		err = fmt.Errorf("%w: install the version of this program that the daemon last ran", err)
		checks = append(checks, steps.NewCheck(schema, err, ""))
	case found.Schema < found.Known:
		checks = append(checks, steps.Noted(schema, fmt.Sprintf("version %d; the daemon brings it to version %d when it starts",
			found.Schema, found.Known)))
	default:
		checks = append(checks, steps.NewCheck(schema, nil, fmt.Sprintf("version %d, as this program makes it", found.Schema)))
	}
	return checks, found, err
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
