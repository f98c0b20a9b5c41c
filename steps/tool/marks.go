package tool

import (
	"fmt"
	"strings"

	"dbcalm-db-cmd/steps/disk"
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

// maxMark is how long the new name of a table can be, in bytes, and more.
const maxMark = 64 << 10

// ReadRename returns the new name of a table that was renamed, from a mark
// below folder.
func ReadRename(folder, mark string) (string, error) {
	to, err := disk.ReadSmall(folder, mark, maxMark)
	if err != nil {
		return "", fmt.Errorf("read the mark of a renamed table: %w", err)
	}
	return strings.TrimSpace(string(to)), nil
}
