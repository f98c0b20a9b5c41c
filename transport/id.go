package transport

import "strings"

// backupIDLimit is the longest id of a backup. It becomes a folder's name.
const backupIDLimit = 128

// isBackupID reports whether a backup may be called id. Whatever it accepts is
// a plain, visible file name that no folder of the store's own has.
func isBackupID(id string) bool {
	if id == "" || len(id) > backupIDLimit || id[0] == '.' || id[0] == '-' {
		return false
	}
	if id == "restores" || id == "tmp" {
		return false
	}
	return strings.Trim(id, backupIDCharacters) == ""
}

const backupIDCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:"

// backupIDRule is the rule in words, for refusals.
const backupIDRule = "use 1 to 128 letters, digits, '.', '_', '-' or ':', not '.' or '-' first, and neither 'restores' nor 'tmp'"
