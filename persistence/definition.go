package persistence

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
)

// storeDefinition keeps the text of a machine's definition, once, and returns
// the hash that operations name it by.
func storeDefinition(ctx context.Context, tx *sql.Tx, text string) (string, error) {
	sum := sha256.Sum256([]byte(text))
	hash := hex.EncodeToString(sum[:])
	_, err := tx.ExecContext(ctx, `INSERT INTO operation_definition (hash, text) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING`, hash, text)
	return hash, err
}
