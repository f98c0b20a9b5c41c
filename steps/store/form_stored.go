package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/stream"
)

// StoredAs says in a word how a backup in the store is stored; empty when that
// cannot be told.
func (s *Store) StoredAs(id string) string {
	m, err := readManifestHead(s.Folder(id))
	switch {
	case err == nil:
		return m.StoredAs()
	case errors.Is(err, fs.ErrNotExist):
		// An older program made it, if it is there at all.
		if there, err := disk.Exists(s.Folder(id)); err == nil && there {
			return Form{}.String()
		}
	}
	return ""
}

// StoredAs says in a word how the backup is stored.
func (m *Manifest) StoredAs() string { return m.form().String() }

func (m *Manifest) form() Form {
	if m.Stream == nil {
		return Form{Compression: m.Compression}
	}
	return Form{Stream: true, Compression: m.Stream.Compression, Forward: m.Stream.Forwarded}
}

// readManifestHead reads of a manifest what tells the form. The list of files,
// which can be long, comes behind that and is not read.
func readManifestHead(folder string) (m Manifest, err error) {
	f, err := disk.OpenRegular(folder, ManifestName)
	if err != nil {
		return m, fmt.Errorf("read manifest: %w", err)
	}
	defer f.Close()
	decoder := json.NewDecoder(io.LimitReader(f, MaxManifest))
	if _, err := decoder.Token(); err != nil {
		return m, fmt.Errorf("read manifest of %s: %w", folder, err)
	}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return m, fmt.Errorf("read manifest of %s: %w", folder, err)
		}
		var into any = new(json.RawMessage)
		switch key {
		case "compression":
			into = &m.Compression
		case "stream":
			into = &m.Stream
		case "folders", "files":
			return m, nil
		}
		if err := decoder.Decode(into); err != nil {
			return m, fmt.Errorf("read manifest of %s: %w", folder, err)
		}
	}
	return m, nil
}

// checkPlain checks that a backup without a manifest, an older program's, is
// not one that lost it and cannot be restored without: neither a stream nor
// compressed files tell what they are.
func (s *Store) checkPlain(l Link) error {
	entries, err := disk.ReadDir(l.Folder)
	if err != nil {
		return fmt.Errorf("check backup '%s': %w", l.Record.ID, err)
	}
	for _, e := range entries {
		name := e.Name()
		packed := strings.HasPrefix(name, Form{}.StreamName(l.Record.ID)) || name == ContentsName(l.Record.ID)
		for _, c := range []stream.Compression{stream.Gzip, stream.Zstd} {
			packed = packed || !e.IsDir() && strings.HasSuffix(name, c.Suffix())
		}
		if packed {
			return s.damaged(l.Record.ID, persistence.LevelFiles, fmt.Errorf("it has no %s, without which %s cannot be restored: bring that file back", ManifestName, name))
		}
	}
	return nil
}
