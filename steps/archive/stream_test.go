package archive

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// A log that the server encrypts is archived through the vendor's program, and is the
// same as one that it does not.
func TestEncryptedLogIsArchived(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	plugins := mariadbtest.KeyPlugins(t)
	if plugins == "" {
		return
	}
	keys := t.TempDir()
	testkit.Write(t, keys, map[string]string{"keys": "1;" + strings.Repeat("0123456789abcdef", 4) + "\n"})
	c := newCollected(t, "--plugin-dir="+plugins, "--plugin-load-add=file_key_management",
		"--file-key-management-filename="+filepath.Join(keys, "keys"), "--encrypt-binlog=ON")
	// It is not ours, where that can be.
	if os.Geteuid() == 0 {
		c.Must(os.Chown(c.server.DataDir, 12345, 12345))
		// The socket is in it.
		c.Must(os.Chmod(c.server.Dir, 0o755))
	}
	// Files that were closed before, and one that is followed.
	c.server.Exec(`FLUSH BINARY LOGS`)
	c.write()
	c.server.Exec(`FLUSH BINARY LOGS`)
	c.write()
	c.start()
	testkit.Says(t, c.running.Flush(t.Context()), "mariadb-binlog ended", "GRANT REPLICATION SLAVE ON *.*")
	c.server.Exec(`GRANT REPLICATION SLAVE ON *.* TO '` + c.server.User + `'@localhost`)
	gtid := c.gtid()
	c.expectBreaks(c.await(gtid))
	for i := range 4 {
		if i%2 == 1 {
			c.server.Exec(`FLUSH BINARY LOGS`)
		}
		c.await(c.write())
	}

	// The server is killed, in a file that was just begun.
	c.server.Exec(`FLUSH BINARY LOGS`)
	c.await(c.write())
	c.server.Kill()
	testkit.Says(t, c.running.Flush(t.Context()), "only the server can read its binary log")
	c.server.Start()
	c.await(c.write())
	// The daemon was away.
	c.stop()
	c.write()
	c.server.Exec(`FLUSH BINARY LOGS`)
	c.write()
	c.start()
	chain := c.await(c.write())
	c.expectBreaks(chain)
	if got := c.archived(chain); !slices.IsSorted(got[:9]) || len(got) < 12 || got[len(got)-1] != c.gtid() {
		t.Errorf("archived are %v", got)
	}

	// It begins anew, in a file of the same name.
	c.server.Exec(`RESET MASTER`)
	c.write()
	c.server.Exec(`RESET MASTER`)
	c.expectBreaks(c.await(c.write()), "begins anew")
	whole, err := c.archive.Verify(t.Context(), func(p string) { t.Error(p) })
	if err != nil || whole == 0 {
		t.Errorf("%d segments are whole: %v", whole, err)
	}
}
