package archive

import (
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"dbcalm-db-cmd/steps/binlog"
	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// Wherever the daemon is killed while it archives, the archive has every
// transaction of the server once, in the server's order.
func TestArchiveSurvivesKills(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	// Small files and segments: kills come while one is begun or sealed.
	c := newCollected(t, "--max-binlog-size=65536")
	writer := mariadbtest.StartWriter(t, c.server.DB())
	for range killsTried {
		cmd := exec.Command("/proc/self/exe", "collect", c.server.CredentialsFile, c.server.DataDir,
			filepath.Dir(c.archive.Folder), filepath.Dir(c.archive.State))
		cmd.Stderr = os.Stderr
		c.Must(cmd.Start())
		timer := time.NewTimer(rand.N(killedIn))
		<-timer.C
		c.Must(cmd.Process.Kill())
		_ = cmd.Wait()
	}
	if err := writer.Stop(); err != nil {
		t.Fatal(err)
	}
	c.start()
	chain := c.await(c.write())
	c.stop()
	c.expectBreaks(chain)
	if got, want := c.archived(chain), c.logged(); !slices.Equal(got, want) {
		t.Errorf("the archive has %d transactions, and the server's log %d", len(got), len(want))
	}
	whole, err := c.archive.Verify(t.Context(), func(p string) { t.Error(p) })
	if err != nil || whole != len(chain.Segments) {
		t.Errorf("%d of %d segments are whole: %v", whole, len(chain.Segments), err)
	}
	t.Logf("%d kills, %d segments, %d transactions", killsTried, whole, len(c.logged()))
}

// archived lists the transactions that an archive has, logged those of the server's
// log.
func (c *collected) archived(chain *Chain) (gtids []string) {
	c.T.Helper()
	c.Must(walker{archive: c.archive, scratch: c.T.TempDir()}.each(c.T.Context(), chain.Segments, func(_ *Segment, g *binlog.Group) error {
		gtids = append(gtids, g.GTID.String())
		return nil
	}))
	return gtids
}

func (c *collected) logged() (gtids []string) {
	c.T.Helper()
	for _, name := range c.files() {
		f, err := os.Open(name)
		c.Must(err)
		scanner := binlog.NewScanner(f)
		for {
			part, err := scanner.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			c.Must(err)
			if part.Group != nil {
				gtids = append(gtids, part.Group.GTID.String())
			}
		}
		c.Must(f.Close())
	}
	return gtids
}
