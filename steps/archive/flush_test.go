package archive

import (
	"os"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

// Whatever the server has committed when it is asked for is in the archive then,
// however many files it has begun, whether it runs or not.
func TestAllThatWasCommittedIsArchived(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	c := newCollected(t)
	c.start()
	for i := range 12 {
		for range i % 4 {
			c.server.Exec(`FLUSH BINARY LOGS`)
			c.write()
		}
		c.await(c.write())
	}

	// It was killed in the file after the one that was read.
	c.server.Exec(`FLUSH BINARY LOGS`)
	gtid := c.write()
	c.server.Kill()
	c.expectBreaks(c.await(gtid))

	// The daemon was away when the server wrote, and finds it dead.
	c.server.Start()
	c.await(c.write())
	c.stop()
	c.server.Exec(`FLUSH BINARY LOGS`)
	gtid = c.write()
	c.server.Stop()
	c.start()
	c.expectBreaks(c.await(gtid))

	// A restore is under way, for which it is stopped.
	c.stop()
	c.server.Start()
	gtid = c.write()
	c.server.Stop()
	c.held.Store(true)
	c.start()
	c.expectBreaks(c.await(gtid))
	if got := c.running.Status().State; got != Held {
		t.Errorf("it is %s", got)
	}
	c.held.Store(false)

	// What is lost with the data directory nobody has read.
	if err := os.Rename(c.server.DataDir, c.server.DataDir+".away"); err != nil {
		t.Fatal(err)
	}
	testkit.Says(t, c.running.Flush(t.Context()), "read the list of binary logs", "no such file")
	if err := os.Rename(c.server.DataDir+".away", c.server.DataDir); err != nil {
		t.Fatal(err)
	}
	c.server.Start()
	c.expectBreaks(c.await(c.write()))
	c.stop()
	testkit.Says(t, c.running.Flush(t.Context()), "the archive's collector has ended")
}

// A server that dies while it begins a file may leave one without a beginning, and
// what a power cut has left of the one before may be anything.
func TestFilesThatWereNotWrittenWhole(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	c := newCollected(t)
	c.start()
	c.await(c.write())
	c.server.Kill()
	c.stop()
	files := c.files()
	newest := files[len(files)-1]
	f, err := os.OpenFile(newest, os.O_APPEND|os.O_WRONLY, 0)
	c.Must(err)
	_, err = f.Write(make([]byte, 300))
	c.Must(err)
	c.Must(f.Close())
	c.server.Start()
	gtid := c.write()
	// Between the torn one and the one that goes on.
	index := filepath.Join(c.server.DataDir, "binlog.index")
	text, err := os.ReadFile(index)
	c.Must(err)
	torn := "./" + filepath.Base(newest) + "\n"
	c.Must(os.WriteFile(filepath.Join(c.server.DataDir, "binlog.unborn"), []byte(nil), 0o600))
	listed := string(text[:len(torn)*len(files)]) + "./binlog.unborn\n" + string(text[len(torn)*len(files):])
	c.Must(os.WriteFile(index, []byte(listed), 0o600))
	c.start()
	c.expectBreaks(c.await(gtid))
}
