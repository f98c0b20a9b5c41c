package archive

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/testkit"
	disktest "dbcalm-db-cmd/steps/testkit/disk"
)

// While the disk of the store is full, for what is read or for what is sealed of
// it, the archive says so; when there is room it goes on, with nothing missing.
func TestDiskOfTheStoreIsFull(t *testing.T) {
	t.Parallel()
	if !disktest.Enter(t) {
		return
	}
	const room = 32 << 20
	for name, left := range map[string]int64{"the open segment": 0, "the sealed one": 3 << 20} {
		t.Run(name, func(t *testing.T) {
			c := newCollected(t, "--binlog-format=ROW")
			c.size = room
			small := disktest.Small(t, room)
			c.archive = In(small, filepath.Join(c.Dir, "state"))
			c.server.Exec(`CREATE TABLE d.b (b BLOB)`)
			c.start()
			c.await(c.write())
			var fs unix.Statfs_t
			c.Must(unix.Statfs(small, &fs))
			filler := filepath.Join(small, "filler")
			free := int64(fs.Bavail) * fs.Bsize
			c.Must(os.WriteFile(filler, make([]byte, free-left), 0o600))
			// 2 MB, which do not become smaller by being compressed.
			c.server.Exec(`INSERT INTO d.b SELECT CONCAT('', ` + strings.Repeat(`UNHEX(SHA2(RAND(), 512)), `, 16) + `'') FROM d.seq_1_to_2000`)
			testkit.Says(t, c.running.Flush(t.Context()), "segment", "no space left on device: the disk is full: free space")
			if s := c.running.Status(); s.State != Stuck || s.Failing() == "" {
				t.Errorf("status: %+v", s)
			}
			c.write()
			c.Must(os.Remove(filler))
			chain := c.await(c.write())
			c.expectBreaks(chain)
			whole, err := c.archive.Verify(t.Context(), func(p string) { t.Error(p) })
			if err != nil || whole != len(chain.Segments) {
				t.Errorf("%d of %d segments are whole: %v", whole, len(chain.Segments), err)
			}
		})
	}
}
