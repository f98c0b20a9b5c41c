package archive

import (
	"os"
	"os/exec"
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
	withKeys := []string{"--plugin-dir=" + plugins, "--plugin-load-add=file_key_management",
		"--file-key-management-filename=" + filepath.Join(keys, "keys")}
	encrypting := append(slices.Clip(withKeys), "--encrypt-binlog=ON")
	c := newCollected(t, encrypting...)
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
	testkit.Says(t, c.running.Flush(t.Context()), "mariadb-binlog: it ended", "GRANT REPLICATION SLAVE ON *.*")
	c.server.Exec(`GRANT REPLICATION SLAVE ON *.* TO '` + c.server.User + `'@localhost`)
	gtid := c.gtid()
	chain := c.await(gtid)
	c.expectBreaks(chain)
	// Another program that asks for the log as a replica would, with the number that they
	// have by themselves, is not taken for ours.
	others := t.TempDir()
	other := exec.Command(programOfMariaDB.name, "--defaults-file="+c.server.CredentialsFile, "--defaults-group-suffix=-dbcalm",
		"--read-from-remote-server", "--raw", "--stop-never", "--result-file="+others+"/", chain.Last().File)
	c.Must(other.Start())
	left := make(chan error, 1)
	go func() { left <- other.Wait() }()
	defer func() { _ = other.Process.Kill() }()
	testkit.Eventually(t, "the other has the log", func() bool { return sizeOf(others) > 0 })
	c.server.Exec(`FLUSH BINARY LOGS`)
	c.await(c.write())
	c.stop()
	c.start()
	c.await(c.write())
	select {
	case err := <-left:
		t.Errorf("another program that read the log was sent away: %v", err)
	default:
	}
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
	chain = c.await(c.write())
	c.expectBreaks(chain)
	// It was told to encrypt no more, and then to do so again, while the daemon was away:
	// of what it had written it has both.
	for _, args := range [][]string{withKeys, encrypting} {
		c.stop()
		c.write()
		c.server.Exec(`FLUSH BINARY LOGS`)
		c.write()
		c.server.Stop()
		c.server.SetArgs(args...)
		c.server.Start()
		c.write()
		c.start()
		chain = c.await(c.write())
		c.expectBreaks(chain)
	}
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
