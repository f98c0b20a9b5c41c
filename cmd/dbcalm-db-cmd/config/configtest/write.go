// Package configtest writes configuration files for tests. It imports none of
// ours, so that the tests of package config can use it.
package configtest

import (
	"os"
	"path/filepath"
	"testing"
)

// Minimal sets the keys that every configuration must have, and no other.
const Minimal = "db_type: mariadb\nbackup_dir: /var/backups/dbcalm\n"

// Write writes a configuration file and returns its path.
func Write(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
