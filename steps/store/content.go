package store

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"dbcalm-db-cmd/steps/counts"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/stream"
)

// content is what is restored of a link.
type content struct {
	// Files are the files as they are stored, from the manifest if there is one.
	// Of a stream they are what comes out of it, and nobody knows their hashes.
	Files   []ManifestFile
	folders []string
	// small holds, by path, the content of a stream's small files, marks among
	// them.
	small map[string]string
}

// Content lists what is restored of a link.
func (l Link) Content() (c content, err error) {
	switch {
	case l.Manifest == nil:
		c.Files, c.folders, err = ListTree(l.Folder)
	case l.Streamed():
		c, err = l.streamContent()
	default:
		c.Files, c.folders = l.Manifest.Files, l.Manifest.Folders
	}
	c.Files = slices.DeleteFunc(slices.Clone(c.Files), func(f ManifestFile) bool {
		return isTableLink(f.Restored().Path) || f.Path == counts.FileName
	})
	return c, err
}

// ContentsName is the file beside a stream that lists what the stream holds.
func ContentsName(id string) string { return "backup-" + id + ".contents.json" }

// Streamed reports whether a link is one stream.
func (l Link) Streamed() bool { return l.Manifest != nil && l.Manifest.Stream != nil }

// streamContent reads the list of what a link's stream holds.
func (l Link) streamContent() (content, error) {
	var held stream.Contents
	if err := readContents(l.Folder, l.Manifest.ID, &held); err != nil {
		return content{}, fmt.Errorf("backup '%s' is damaged: read the list of what its stream holds: %w; use another chain", l.Manifest.ID, err)
	}
	c := content{small: map[string]string{}}
	for _, f := range held.Files {
		c.Files = append(c.Files, ManifestFile{Path: filepath.Clean(f.Path), Size: f.Size})
	}
	for path, text := range held.Small {
		c.small[filepath.Clean(path)] = text
	}
	return c, nil
}

// StreamedFiles lists what a stream holds. The holes of a file are not known from
// there: they are those that the server's file has.
func StreamedFiles(contents stream.Contents, dataDir string) []ManifestFile {
	files := make([]ManifestFile, len(contents.Files))
	for i, f := range contents.Files {
		files[i] = ManifestFile{Path: filepath.Clean(f.Path), Size: f.Size}
		if info, err := os.Lstat(filepath.Join(dataDir, files[i].Path)); err == nil && info.Mode().IsRegular() && info.Size() == f.Size {
			// #nosec G115 -- no file, disk or log has 2^63 bytes
			files[i].noteHoles(int64(disk.Allocated(info)))
		}
	}
	return files
}

// Restored is the file as it is restored.
func (f ManifestFile) Restored() ManifestFile {
	if f.Plain != nil {
		return *f.Plain
	}
	return f
}

// isTableLink tells of the links by which InnoDB finds a table that was made
// with DATA DIRECTORY. They are not restored. The backup holds the table
// itself, in its database's folder; a server that found a link beside it would
// open the file at the old place, which may be gone, or another server's.
func isTableLink(path string) bool { return filepath.Ext(path) == ".isl" }
