package store

import (
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"dbcalm-db-cmd/steps/stream"
)

// ErrForged is in the chain of what is said of a manifest that no program of
// ours can have written. Whoever may write to the store may write one.
var ErrForged = errors.New("is not to be believed")

// The bounds of a manifest. What they leave room for is far beyond any backup:
// two million files, folders below folders, a pebibyte.
const (
	MaxManifest = 1 << 30
	maxEntries  = 2_000_000
	maxDepth    = 16
	maxSize     = 1 << 50
	maxPath     = 4096
	maxWord     = 1024
)

func forged(format string, args ...any) error {
	return fmt.Errorf("it %w: %w", ErrForged, fmt.Errorf(format, args...))
}

// check refuses a manifest that would lead out of the backup's folder or its
// stage, or says what cannot be of a backup.
func (m *Manifest) check() error {
	for name, word := range map[string]string{"id": m.ID, "parent_id": m.ParentID} {
		if word != "" && (!filepath.IsLocal(word) || strings.ContainsAny(word, "/\x00") || strings.HasPrefix(word, ".") || len(word) > maxWord) {
			return forged("its %s %.80q is no name of a backup", name, word)
		}
	}
	for name, word := range map[string]string{"operation": m.Operation, "parent_operation": m.ParentOperation} {
		if strings.ContainsAny(word, "/\x00") || len(word) > maxWord {
			return forged("its %s %.80q is no id of an operation", name, word)
		}
	}
	if !slices.Contains([]string{"", string(stream.Gzip), string(stream.Zstd)}, m.Compression) {
		return forged("its compression is %.80q", m.Compression)
	}
	for _, size := range []int64{m.Size, m.PlainSize, m.Allocated} {
		if size < 0 || size > maxSize {
			return forged("its size is %d", size)
		}
	}
	if m.Binlog != nil {
		if err := m.Binlog.Check(); err != nil {
			return forged("%w", err)
		}
	}
	if err := m.checkStream(); err != nil {
		return err
	}
	if err := checkTree(m.Folders, m.Files); err != nil {
		return err
	}
	return m.checkHashes()
}

func (m *Manifest) checkStream() error {
	s := m.Stream
	switch {
	case s == nil:
	case checkPath(s.File) != nil || strings.Contains(s.File, "/"):
		return forged("its stream's file %.80q is no name", s.File)
	case !slices.Contains([]string{"", string(stream.Gzip), string(stream.Zstd)}, s.Compression):
		return forged("its stream's compression is %.80q", s.Compression)
	case s.StoredSize < 0 || s.StoredSize > maxSize || s.PlainSize < 0 || s.PlainSize > maxSize:
		return forged("its stream's size is %d, %d uncompressed", s.StoredSize, s.PlainSize)
	case !isHash(s.SHA256):
		return forged("its stream has no SHA-256")
	}
	return nil
}

// checkHashes demands that every file has one, as it is stored and as it is
// restored.
func (m *Manifest) checkHashes() error {
	for _, f := range m.Files {
		if !isHash(f.SHA256) || f.Plain != nil && !isHash(f.Plain.SHA256) {
			return forged("file %s has no SHA-256", f.Path)
		}
	}
	return nil
}

func isHash(text string) bool {
	sum, err := hex.DecodeString(text)
	return err == nil && len(sum) == 32 && strings.ToLower(text) == text
}

// checkTree checks the folders and files of a backup: their names, that none
// is there twice, and their sizes.
func checkTree(folders []string, files []ManifestFile) error {
	if n := len(folders) + len(files); n > maxEntries {
		return forged("it lists %d files and folders", n)
	}
	var total int64
	stored, restored := map[string]bool{}, map[string]bool{}
	add := func(names map[string]bool, path string) error {
		if err := checkPath(path); err != nil {
			return err
		}
		if names[path] {
			return forged("%.80q is there twice", path)
		}
		names[path] = true
		return nil
	}
	for _, folder := range folders {
		if err := errors.Join(add(stored, folder), add(restored, folder)); err != nil {
			return err
		}
	}
	for _, f := range files {
		if f.Path == ManifestName {
			return forged("it lists itself")
		}
		if f.Plain != nil && f.Plain.Plain != nil {
			return forged("file %.80q is compressed twice", f.Path)
		}
		if err := errors.Join(add(stored, f.Path), add(restored, f.Restored().Path)); err != nil {
			return err
		}
		for _, size := range []int64{f.Size, f.Restored().Size} {
			if size < 0 || size > maxSize || total > maxSize-size {
				return forged("file %.80q has a size of %d bytes, after %d of others", f.Path, size, total)
			}
		}
		for _, data := range []*int64{f.Data, f.Restored().Data} {
			if data != nil && (*data < 0 || *data > maxSize) {
				return forged("file %.80q has %d bytes that are no holes", f.Path, *data)
			}
		}
		total += max(f.Size, f.Restored().Size)
	}
	return nil
}

// checkPath refuses what is not the plain name of a file below a folder.
func checkPath(path string) error {
	switch {
	case path == "" || path == "." || strings.Contains(path, "\x00") || len(path) > maxPath:
		return forged("%.80q is no name of a file", path)
	case !filepath.IsLocal(path):
		return forged("%.80q leads out of the backup", path)
	case filepath.Clean(path) != path:
		return forged("%.80q is no clean name of a file", path)
	case strings.Count(path, "/") >= maxDepth:
		return forged("%.80q is too deep", path)
	}
	return nil
}
