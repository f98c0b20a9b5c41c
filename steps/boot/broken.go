package boot

import (
	"context"
	"encoding/hex"
	"errors"
	"io/fs"
	"strings"

	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/store"
)

// broken returns what was broken on the server that the backup was taken of, by
// the names of the tables, and why.
func (e Examination) broken(ctx context.Context, s *bootedServer) (map[tableName]string, error) {
	m, err := e.manifest()
	if err != nil || m == nil {
		return nil, err
	}
	names := map[tableName]string{}
	for _, b := range m.Broken {
		name, err := s.named(ctx, b.File)
		if err != nil {
			return nil, err
		}
		names[name] = b.Why
	}
	return names, nil
}

// outside returns the tables of a MySQL whose files lay outside its data
// directory, by their names, and where. A server on this host that finds a file
// at that place uses neither it nor the one in the folder.
func (e Examination) outside(ctx context.Context, s *bootedServer) (map[tableName]string, error) {
	m, err := e.manifest()
	if err != nil || m == nil || m.Server.Flavour != server.MySQL {
		return nil, err
	}
	places := map[tableName]string{}
	for _, t := range m.Server.Outside {
		if t.IsDatabase() {
			continue // it lies in the folder as it would without the link
		}
		// A partition's file is called after its table.
		file, _, _ := strings.Cut(t.Table, "#P#")
		file, _, _ = strings.Cut(file, "#p#")
		name, err := s.named(ctx, file)
		if err != nil {
			return nil, err
		}
		places[name] = t.At
	}
	return places, nil
}

// manifest reads that of the backup; nil if it has none.
func (e Examination) manifest() (*store.Manifest, error) {
	if e.Backup == "" {
		return nil, nil
	}
	m, err := store.ReadManifest(e.Backup)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return m, err
}

// named returns the name of a table whose file is called so.
func (s *bootedServer) named(ctx context.Context, file string) (name tableName, err error) {
	schema, table, _ := strings.Cut(file, "/")
	// The server itself knows which characters the names of files stand for.
	if err := s.db.QueryRowContext(ctx,
		`SELECT CONVERT(CONVERT(UNHEX(?) USING filename) USING utf8), CONVERT(CONVERT(UNHEX(?) USING filename) USING utf8)`,
		hex.EncodeToString([]byte(schema)), hex.EncodeToString([]byte(table))).Scan(&name.schema, &name.name); err != nil {
		return name, s.lost(ctx, err)
	}
	return name, nil
}
