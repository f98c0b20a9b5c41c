package archive

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dbcalm-db-cmd/steps/binlog"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// collected is a server, and an archive of its log.
type collected struct {
	testkit.Test
	server *mariadbtest.Server
	// counts is the variable of what the server of this kind has done.
	kind, counts string

	archive  *Archive
	running  *Collector
	cancel   context.CancelFunc
	done     chan struct{}
	held     atomic.Bool
	restored time.Time
	keep     time.Time
	// troubled: something is in the collector's way.
	troubled atomic.Bool
	size     int64
}

func newCollected(t *testing.T, args ...string) *collected {
	t.Helper()
	return collectedOf(t, server.MariaDB, mariadbtest.WithArgs(args...))
}

// collectedOf is newCollected for a kind of server.
func collectedOf(t *testing.T, kind string, options ...mariadbtest.Option) *collected {
	t.Helper()
	c := &collected{Test: testkit.NewTest(t, "store", "state"), size: 1 << 20, kind: kind, counts: "gtid_binlog_pos",
		server: mariadbtest.Start(t, append(options, mariadbtest.WithBinlog())...)}
	if kind == server.MySQL {
		c.counts = "gtid_executed"
	}
	c.archive = In(filepath.Join(c.Dir, "store"), filepath.Join(c.Dir, "state"))
	c.server.Exec(`CREATE DATABASE d`, `CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, word TEXT)`)
	t.Cleanup(c.stop)
	return c
}

func (c *collected) start() {
	c.T.Helper()
	asked := &server.Server{DBType: c.kind, CredentialsFile: c.server.CredentialsFile, DataDir: c.server.DataDir}
	c.running = New(c.archive, Options{
		Ask: asked.BinaryLog, Owner: os.Geteuid, Stream: NewStream(c.archive, asked),
		Held: func() string {
			if c.held.Load() {
				return "a restore is under way"
			}
			return ""
		},
		Restored: func(context.Context) (time.Time, error) {
			if c.troubled.Load() {
				return time.Time{}, errors.New("something is in the way")
			}
			return c.restored, nil
		},
		Keep:     func(context.Context) (time.Time, error) { return c.keep, nil },
		Interval: time.Hour, Size: c.size, Notice: func(s Status) { c.T.Logf("%s: %s", s.State, s.Reason) },
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.running.Run(ctx)
	}()
	c.cancel, c.done = cancel, done
}

func (c *collected) stop() {
	if c.cancel != nil {
		c.cancel()
		<-c.done
		c.cancel = nil
	}
}

// write makes a transaction and returns its GTID.
func (c *collected) write() (gtid string) {
	c.T.Helper()
	c.server.Exec(`INSERT INTO d.t (word) VALUES ('word')`)
	return c.gtid()
}

func (c *collected) gtid() (text string) {
	c.T.Helper()
	c.Must(c.server.DB().QueryRow(`SELECT @@GLOBAL.` + c.counts).Scan(&text))
	return strings.ReplaceAll(text, "\n", "")
}

// await expects that the archive has all up to a GTID once it was asked for that,
// and returns it.
func (c *collected) await(gtid string) *Chain {
	c.T.Helper()
	if err := c.running.Flush(c.T.Context()); err != nil {
		c.T.Fatalf("read up to %s: %v", gtid, err)
	}
	chain, err := c.archive.Chain()
	c.Must(err)
	if last := chain.Last(); last == nil || last.after.PositionText() != gtid {
		c.T.Fatalf("the archive ends with %+v, want it to have GTID %s", last, gtid)
	}
	return chain
}

// breaks lists why ranges begin, but the first.
func breaks(c *Chain) (list []string) {
	for _, s := range c.Segments[1:] {
		if s.Break != "" {
			list = append(list, s.Break)
		}
	}
	return list
}

func (c *collected) expectBreaks(chain *Chain, want ...string) {
	c.T.Helper()
	got := breaks(chain)
	if len(got) != len(want) {
		c.T.Fatalf("breaks: %q, want %q", got, want)
	}
	for i := range want {
		if !strings.Contains(got[i], want[i]) {
			c.T.Errorf("break %d: %q, want %q", i, got[i], want[i])
		}
	}
}

// What the server does with its log is followed, and what was lost is told.
func TestCollectorFollowsTheServer(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	c := newCollected(t, "--max-binlog-size=4096")
	c.start()
	first := c.await(c.write()).Last()
	began := time.Now()

	// Small files, one after the other, and a large transaction.
	for range 100 {
		c.server.Exec(`INSERT INTO d.t (word) VALUES (REPEAT('word', 100))`)
	}
	c.server.Exec(`INSERT INTO d.t (word) SELECT REPEAT('word', 100) FROM mysql.help_topic LIMIT 300`)
	c.expectBreaks(c.await(c.write()))

	// The server is killed, and stopped: no break, as its log goes on.
	c.server.Kill()
	c.server.Start()
	c.await(c.write())
	c.server.Stop()
	testkit.Eventually(t, "it waits for the server", func() bool { return c.running.Status().State == Waiting })
	if why := c.running.Status().Reason; !strings.HasPrefix(why, "MySQL/MariaDB server is not running: ") {
		t.Errorf("it waits because %s", why)
	}
	c.server.Start()
	chain := c.await(c.write())
	c.expectBreaks(chain)

	// A daemon that was killed has left a segment open, torn at its end.
	c.stop()
	last := chain.Last()
	c.server.Exec(`INSERT INTO d.t (word) VALUES ('in the open segment')`)
	c.leaveOpen(last)
	c.start()
	c.expectBreaks(c.await(c.write()))

	// Nothing is lost while no daemon runs.
	c.stop()
	c.server.Exec(`FLUSH BINARY LOGS`)
	c.write()
	c.start()
	c.expectBreaks(c.await(c.write()))

	// What is deleted before it was read is a gap.
	c.stop()
	c.write()
	c.purge()
	c.start()
	c.expectBreaks(c.await(c.write()), "gap: what came after GTID ")

	// The log begins anew, under the same names.
	c.server.Exec(`RESET MASTER`)
	chain = c.await(c.write())
	c.expectBreaks(chain, "gap: ", "begins anew")
	if first, last := chain.Segments[0].Epoch, chain.Last().Epoch; first != 1 || last != 2 {
		t.Errorf("epochs %d to %d", first, last)
	}

	// The server is made anew, under the same names.
	other := mariadbtest.Start(t, mariadbtest.WithBinlog())
	other.Stop()
	c.server.Stop()
	c.Must(os.RemoveAll(c.server.DataDir))
	c.Must(os.Rename(other.DataDir, c.server.DataDir))
	c.server.Start()
	c.server.Exec(`CREATE DATABASE d`, `CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, word TEXT)`)
	chain = c.await(c.write())
	c.expectBreaks(chain, "gap: ", "begins anew", "begins anew")

	// A backup was restored.
	c.stop()
	c.restored = time.Now()
	c.start()
	chain = c.await(c.write())
	c.expectBreaks(chain, "gap: ", "begins anew", "begins anew", "a backup was restored into the data directory")

	c.held.Store(true)
	testkit.Eventually(t, "it is held", func() bool { return c.running.Status().State == Held })
	c.stop()
	// From a backup of the first history, the newest is where that ended, though a
	// file of another has its name now.
	start := server.Position{File: first.File, Offset: uint64(first.To), GTID: first.After}
	plan, err := c.archive.Resolve(t.Context(), start, began, Moment{})
	if err != nil || !strings.Contains(strings.Join(plan.Notes, "; "), "gap: what came after GTID") || plan.Transactions < 100 {
		t.Errorf("the newest moment of the first history: %+v, %v", plan, err)
	}
	_, err = c.archive.Resolve(t.Context(), start, began, Moment{GTID: &binlog.GTID{Server: 1, Seq: 2}})
	testkit.Says(t, err, "GTID 0-1-2 is not after the backup: what can be restored from this backup ends with GTID ", "gap: ")
	whole, err := c.archive.Verify(t.Context(), func(p string) { t.Error(p) })
	if err != nil || whole != len(chain.Segments) {
		t.Errorf("%d of %d segments are whole: %v", whole, len(chain.Segments), err)
	}
}

// archivedOnce is a server with one write, which is archived, and the last segment of
// that; nothing collects any more.
func archivedOnce(t *testing.T) (*collected, *Segment) {
	t.Helper()
	c := newCollected(t)
	c.start()
	last := c.await(c.write()).Last()
	c.stop()
	return c, last
}

// Two servers that are made in the same second begin their logs alike: what was
// archived tells them apart, and nothing of the other one's log goes on.
func TestAnotherServerOfTheSameSecond(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	c, last := archivedOnce(t)
	c.server.Stop()
	c.forge(last.File)
	c.server.Start()
	c.start()
	chain := c.await(c.write())
	c.expectBreaks(chain, "begins anew")
	for _, s := range chain.Segments {
		if want := min(s.Number, 2); uint64(s.Epoch) != want || s.File == last.File && s.From != 0 {
			t.Errorf("segment %d: epoch %d, from %d of %s", s.Number, s.Epoch, s.From, s.File)
		}
	}
}

// A log that was reset, and has counted as far again in files that are gone, does
// not go on where the old one ended.
func TestLogThatWasResetCountsAsFarAgain(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	c, last := archivedOnce(t)
	c.server.Exec(`RESET MASTER`)
	for range last.after.Position()[0].Seq {
		c.server.Exec(`INSERT INTO d.t (word) VALUES ('again')`)
	}
	if again := c.gtid(); again != last.after.PositionText() {
		t.Fatalf("the new log has counted to %s, the old one to %s", again, last.after.PositionText())
	}
	c.server.Exec(`FLUSH BINARY LOGS`, `FLUSH BINARY LOGS`)
	c.purge()
	c.start()
	c.expectBreaks(c.await(c.write()), "gap: the rest of "+last.File+", or a file after it, was gone from the server")
}

// forge makes a file of the log one that had another word in it.
func (c *collected) forge(name string) {
	c.T.Helper()
	path := filepath.Join(c.server.DataDir, name)
	log, err := os.ReadFile(path)
	c.Must(err)
	for at := len(binlog.Magic); ; {
		event := log[at:]
		event = event[:binary.LittleEndian.Uint32(event[9:])]
		if word := bytes.Index(event, []byte("word")); word >= 0 {
			event[word] = 'c'
			text := event[:len(event)-4]
			binary.LittleEndian.PutUint32(event[len(text):], crc32.ChecksumIEEE(text))
			break
		}
		at += len(event)
	}
	c.Must(os.WriteFile(path, log, 0o600))
}

// purge has the server delete all of its log but a new file. It keeps what it might
// need to recover for a while.
func (c *collected) purge() {
	c.T.Helper()
	c.server.Exec(`FLUSH BINARY LOGS`)
	// From 11.4 on a server waits for a replica.
	if _, err := c.server.DB().Exec(
		`SET GLOBAL slave_connections_needed_for_purge = 0`,
	); err != nil &&
		!strings.Contains(err.Error(), "Unknown") {
		c.T.Fatal(err)
	}
	files := c.files()
	current := filepath.Base(files[len(files)-1])
	testkit.Eventually(c.T, "the log is deleted", func() bool {
		c.server.Exec(`PURGE BINARY LOGS TO '` + current + `'`)
		return len(c.files()) == 1
	})
}

// files lists the files of the server's log: from 11.4 on there are indexes beside
// them.
func (c *collected) files() []string {
	c.T.Helper()
	files, err := filepath.Glob(filepath.Join(c.server.DataDir, "binlog.[0-9][0-9][0-9][0-9][0-9][0-9]"))
	c.Must(err)
	return files
}

// leaveOpen opens the segment that comes after another, as a collector does, and
// leaves it as a crash would.
func (c *collected) leaveOpen(last *Segment) {
	c.T.Helper()
	f, err := os.Open(filepath.Join(c.server.DataDir, last.File))
	c.Must(err)
	defer f.Close()
	format, err := last.format()
	c.Must(err)
	w, err := c.archive.begin(Segment{Number: last.Number + 1, Epoch: last.Epoch, Server: last.Server, Version: last.Version,
		File: last.File, From: last.To, To: last.To, Header: format.Raw, before: last.after})
	c.Must(err)
	text := make([]byte, 1<<20)
	n, _ := f.ReadAt(text, last.To)
	_, err = w.file.Write(text[:n-3])
	c.Must(err)
	c.Must(w.file.Close())
}

// What has been lost or changed in the store ends what is believed.
func TestDamageInTheStore(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	for name, test := range map[string]struct {
		spoil func(c *collected, folder string)
		want  string
	}{
		"a segment's content is lost": {func(c *collected, f string) {
			c.Must(os.Remove(filepath.Join(f, contentName(2))))
		}, "segment 2 is lost"},
		"a manifest is lost": {func(c *collected, f string) {
			c.Must(os.Remove(filepath.Join(f, manifestName(2))))
		}, "segment 2 is lost"},
		"a bit is flipped": {func(c *collected, f string) {
			text, err := os.ReadFile(filepath.Join(f, contentName(2)))
			c.Must(err)
			text[len(text)/2] ^= 1
			c.Must(os.WriteFile(filepath.Join(f, contentName(2)), text, 0o600))
		}, "segment 2"},
		"a manifest is forged": {func(c *collected, f string) {
			text, err := os.ReadFile(filepath.Join(f, manifestName(2)))
			c.Must(err)
			c.Must(os.WriteFile(filepath.Join(f, manifestName(2)), append(text, ' '), 0o600))
		}, "the manifest of segment 2 is not the one that was written"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCollected(t)
			c.start()
			var start server.Position
			first := c.await(c.write())
			start.File, start.Offset, start.GTID = first.Last().File, uint64(first.Last().To), first.Last().After
			for range 3 {
				c.await(c.write())
			}
			c.stop()
			test.spoil(c, c.archive.Folder)
			var problems []string
			_, err := c.archive.Verify(t.Context(), func(p string) { problems = append(problems, p) })
			if err != nil || !strings.Contains(strings.Join(problems, "\n"), test.want) {
				t.Errorf("verify: %q, %v", problems, err)
			}
			plan, err := c.archive.Resolve(t.Context(), start, time.Now(), Moment{})
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrOutside) {
				t.Errorf("a moment behind the damage: %+v, %v", plan, err)
			}
		})
	}
}
