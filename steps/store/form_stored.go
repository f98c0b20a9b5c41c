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
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/stream"
	"dbcalm-db-cmd/steps/tool"
)

// About is what a listing tells of a backup; what cannot be told is empty.
type About struct {
	// Form says in a word how it is stored.
	Form string
	// Server is the version of the server it was taken of, Flavour which it is.
	Server, Flavour string
	// Tool is the program that took it, with its version, Operation the operation.
	Tool, Operation string
	// Binlog is where the server's binary log was; nil where that is not known.
	Binlog *server.Position
	// DataSize is the size of what it holds in bytes, uncompressed.
	DataSize *int64
}

// About tells of a backup in the store.
func (s *Store) About(id string) About {
	m, err := readManifestHead(s.Folder(id))
	switch {
	case err == nil:
		return m.About()
	case errors.Is(err, fs.ErrNotExist):
		// An older program made it, if it is there at all.
		if there, err := disk.Exists(s.Folder(id)); err == nil && there {
			return aboutOlder(s.Folder(id))
		}
	}
	return About{}
}

// aboutOlder tells of a backup without a manifest what its tool wrote down.
func aboutOlder(folder string) About {
	about := About{Form: Form{}.String()}
	values, err := tool.ReadMetadata(folder, tool.InfoNames)
	if err != nil || values["server_version"] == "" {
		return about
	}
	about.Server, about.Flavour = values["server_version"], server.FlavourOf(values["server_version"])
	about.Tool = strings.TrimSpace(values["tool_name"] + " " + values["tool_version"])
	if p, err := tool.ReadBinlog(folder); err == nil {
		about.Binlog = p
	}
	return about
}

// About tells of the backup.
func (m *Manifest) About() About {
	about := About{Form: m.StoredAs(), Server: m.Server.Version, Flavour: m.Server.Flavour, Operation: m.Operation}
	if m.Tool.Name != "" {
		about.Tool = m.Tool.Name + " " + m.Tool.Version
	}
	// A listing does not check the rest of the manifest.
	if m.Binlog != nil && m.Binlog.Check() == nil {
		about.Binlog = m.Binlog
	}
	if size := m.dataSize(); size > 0 {
		about.DataSize = &size
	}
	return about
}

// dataSize is the sum of the sizes of what is restored.
func (m *Manifest) dataSize() int64 {
	if m.PlainSize != 0 {
		return m.PlainSize
	}
	return m.Size
}

// StoredAs says in a word how the backup is stored.
func (m *Manifest) StoredAs() string { return m.form().String() }

func (m *Manifest) form() Form {
	if m.Stream == nil {
		return Form{Compression: m.Compression}
	}
	return Form{Stream: true, Compression: m.Stream.Compression, Forward: m.Stream.Forwarded}
}

// readManifestHead reads of a manifest what a listing tells. The list of files,
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
		case "operation":
			into = &m.Operation
		case "tool":
			into = &m.Tool
		case "server":
			into = &m.Server
		case "binlog":
			into = &m.Binlog
		case "size":
			into = &m.Size
		case "plain_size":
			into = &m.PlainSize
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
		packed := name == Form{}.StreamName(l.Record.ID) || name == ContentsName(l.Record.ID)
		for _, c := range []stream.Compression{stream.Gzip, stream.Zstd} {
			packed = packed || strings.HasSuffix(name, c.Suffix())
		}
		if packed && !e.IsDir() {
			return s.damaged(l.Record.ID, persistence.LevelFiles,
				fmt.Errorf("it has no %s, without which %s cannot be restored: bring that file back", ManifestName, name))
		}
	}
	return nil
}
