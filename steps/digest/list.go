package digest

import (
	"io/fs"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/stream"
)

// Digest is what a file held that had this version.
type Digest struct {
	disk.Version
	// SHA256 is in hexadecimal.
	SHA256 string `json:"sha256"`
	// Data is how many bytes of it are no holes.
	Data int64 `json:"data"`
	// Pack is the file as it was compressed; nil if it was not.
	Pack *Pack `json:"pack,omitempty"`
	// Plain is what a compressed file holds, whose Data then is of that; nil for
	// other files.
	Plain *stream.Sum `json:"plain,omitempty"`
}

// List has the digests of a folder's files, by their paths below it.
type List map[string]Digest

// maxList is how large the file of a list can be, in bytes: one of a million
// tables has some 300 MB.
const maxList = 1 << 30

// ReadList returns a list that was written to a file.
func ReadList(path string) (List, error) {
	var l List
	err := disk.ReadJSON(path, maxList, &l)
	return l, err
}

// Write writes the list to a file.
func (l List) Write(path string) error { return disk.WriteJSON(path, l) }

// Of returns the digest of a file as it is now; false if there is none.
func (l List) Of(path string, info fs.FileInfo) (Digest, bool) {
	d, found := l[path]
	now, known := disk.VersionOf(info)
	if !found || !known || !info.Mode().IsRegular() || d.Version != now {
		return Digest{}, false
	}
	return d, true
}
