package tool

import (
	"fmt"
	"os"
	"strings"
)

// The marks mariabackup leaves beside the tables that were dropped, renamed or
// created while it copied; it obeys them when it prepares. A .ren holds the
// new name, a .new is the table itself.
// https://mariadb.com/kb/en/files-created-by-mariabackup/
const (
	MarkDropped = ".del"
	MarkRenamed = ".ren"
	MarkCreated = ".new"
)

// readRename returns the new name of a table that was renamed.
func ReadRename(mark string) (string, error) {
	to, err := os.ReadFile(mark)
	if err != nil {
		return "", fmt.Errorf("read the mark of a renamed table: %w", err)
	}
	return strings.TrimSpace(string(to)), nil
}
