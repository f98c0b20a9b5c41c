package tool

import (
	"strings"

	"dbcalm-db-cmd/steps/disk"
)

// hostTrouble are words in a program's output by which its failure is the
// host's, or that of its settings, and says nothing about the backup.
var hostTrouble = []string{
	"No space left on device", "Errcode: 28", "error: 28", "error number 28", "error 28", "errno: 28", "Disk full",
	"Too many open files", "File name too long", "Permission denied", "Errcode: 13", "error number 13",
	"Cannot allocate memory", "Cannot allocate", "Out of memory", "Read-only file system",
	"Disk quota exceeded", "error while loading shared libraries",
}

// fullLimit is so little room in bytes that a failure on such a disk is put
// down to it.
const fullLimit = 4 << 20

// HostFault reports whether a program that worked in a folder has failed for
// want of something there rather than because of the backup.
func HostFault(folder, output string) bool {
	for _, words := range hostTrouble {
		if strings.Contains(output, words) {
			return true
		}
	}
	free, err := disk.FreeSpace(folder)
	return err == nil && free < fullLimit
}
