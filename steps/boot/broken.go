package boot

import (
	"context"
	"encoding/hex"
	"errors"
	"io/fs"
	"strings"

	"dbcalm-db-cmd/steps/store"
)

// broken returns what was broken on the server that the backup was taken of, by
// the names of the tables, and why.
func (e Examination) broken(ctx context.Context, s *bootedServer) (map[tableName]string, error) {
	if e.Backup == "" {
		return nil, nil
	}
	m, err := store.ReadManifest(e.Backup)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	names := map[tableName]string{}
	for _, b := range m.Broken {
		schema, table, _ := strings.Cut(b.File, "/")
		var name tableName
		// The server itself knows which characters the names of files stand for.
		if err := s.db.QueryRowContext(ctx, `SELECT CONVERT(CONVERT(UNHEX(?) USING filename) USING utf8), CONVERT(CONVERT(UNHEX(?) USING filename) USING utf8)`,
			hex.EncodeToString([]byte(schema)), hex.EncodeToString([]byte(table))).Scan(&name.schema, &name.name); err != nil {
			return nil, s.lost(ctx, err)
		}
		names[name] = b.Why
	}
	return names, nil
}
