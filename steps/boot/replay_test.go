package boot

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/archive"
	"dbcalm-db-cmd/steps/binlog"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// history is a server whose log is archived, a copy of its data from before, and
// what it held after each statement since.
type history struct {
	t       *testing.T
	server  *mariadbtest.Server
	archive *archive.Archive
	// copy is the data directory as it was at start.
	copy  string
	start server.Position
	taken time.Time
	// shadow has what the tables held, by the GTID of the last transaction; half is
	// the first half of a commit in two phases.
	shadow []moment
	half   moment
	// collector runs until stop is called, and seals a segment after every interval, or
	// of a size.
	collector *archive.Collector
	interval  time.Duration
	size      int64
	stop      func()
}

type moment struct {
	gtid, statement string
	tables          map[string]string
}

func newHistory(t *testing.T, args ...string) *history {
	t.Helper()
	h := &history{t: t, interval: 200 * time.Millisecond, size: 1 << 20,
		server: mariadbtest.Start(t, mariadbtest.WithBinlog(), mariadbtest.WithArgs(args...))}
	h.server.DB().SetMaxOpenConns(1)
	h.server.Exec(`CREATE DATABASE old`, `CREATE TABLE old.t (id INT PRIMARY KEY, word TEXT)`, `INSERT INTO old.t VALUES (1, 'one')`)
	h.server.Stop()
	h.copy = filepath.Join(h.server.Dir, "copy")
	h.run("cp", "-a", h.server.DataDir, h.copy)
	logs, err := filepath.Glob(filepath.Join(h.copy, "binlog.*"))
	h.must(err)
	for _, log := range logs {
		h.must(os.Remove(log))
	}
	h.must(os.WriteFile(filepath.Join(h.copy, "backup-my.cnf"), []byte("[mysqld]\n"), 0o600))
	h.server.Start()
	h.must(h.server.DB().QueryRow(`SHOW MASTER STATUS`).Scan(&h.start.File, &h.start.Offset, new(sql.NullString), new(sql.NullString)))
	h.start.GTID = h.gtid()
	h.taken = time.Now()
	// No archive is made where there is no store.
	h.must(os.Mkdir(filepath.Join(h.server.Dir, "store"), 0o700))
	h.archive = archive.In(filepath.Join(h.server.Dir, "store"), filepath.Join(h.server.Dir, "state"))
	h.collect()
	return h
}

// collect starts the collector.
func (h *history) collect() {
	asked := &server.Server{DBType: server.MariaDB, CredentialsFile: h.server.CredentialsFile, DataDir: h.server.DataDir}
	h.collector = archive.New(h.archive, archive.Options{
		Ask: asked.BinaryLog, Owner: os.Geteuid, Held: func() string { return "" },
		Restored: func(context.Context) (time.Time, error) { return time.Time{}, nil },
		Keep:     func(context.Context) (time.Time, error) { return time.Time{}, nil },
		Interval: h.interval, Size: h.size,
		Notice: func(s archive.Status) { h.t.Logf("archive: %s: %s", s.State, s.Reason) },
	})
	h.archive.Flush = h.collector.Flush
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.collector.Run(ctx)
	}()
	h.stop = func() {
		cancel()
		<-done
		h.archive.Flush = nil
	}
	h.t.Cleanup(h.stop)
}

// archived waits until the archive has all that the server has done.
func (h *history) archived() {
	h.t.Helper()
	all, err := binlog.ParseState(h.gtid())
	h.must(err)
	testkit.Eventually(h.t, "all is archived", func() bool {
		_ = h.collector.Flush(h.t.Context())
		plan, err := h.archive.Resolve(h.t.Context(), h.start, h.taken, archive.Moment{})
		if err != nil {
			return false
		}
		has, err := binlog.ParseState(plan.GTID)
		return err == nil && has.Equal(all)
	})
}

func (h *history) gtid() (text string) {
	h.t.Helper()
	h.must(h.server.DB().QueryRow(`SELECT @@GLOBAL.gtid_binlog_pos`).Scan(&text))
	return text
}

func (h *history) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *history) run(name string, args ...string) string {
	h.t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		h.t.Fatalf("%s %s: %v: %s", name, args, err, out)
	}
	return string(out)
}

// write runs statements and notes what the tables hold after each that has a
// transaction of its own.
func (h *history) write(statements ...string) {
	h.t.Helper()
	for _, statement := range statements {
		before := h.gtid()
		h.server.Exec(statement)
		after := h.gtid()
		now := moment{gtid: newest(before, after), statement: statement}
		switch {
		case after == before:
		case strings.HasPrefix(statement, "XA PREPARE"):
			// Between the halves of a commit in two phases the tables cannot be read.
			now.tables = h.shadow[len(h.shadow)-1].tables
			h.half = now
		default:
			now.tables = mariadbtest.Fingerprint(h.t, h.server.DB())
			h.shadow = append(h.shadow, now)
		}
	}
}

// newest is the GTID of a position that another does not have.
func newest(before, after string) string {
	for part := range strings.SplitSeq(after, ",") {
		if !strings.Contains(","+before+",", ","+part+",") {
			return part
		}
	}
	return ""
}

// stage makes a folder with the copy, ready to be replayed on.
func (h *history) stage(plan *archive.Plan) (folder string) {
	h.t.Helper()
	stage := h.t.TempDir()
	h.must(os.Chmod(stage, 0o700))
	folder = filepath.Join(stage, "0")
	h.run("cp", "-a", h.copy, folder)
	h.must(disk.WriteJSON(filepath.Join(stage, PlanFile), plan))
	return folder
}

func (h *history) replay(folder string) *exec.Cmd {
	h.t.Helper()
	program, err := mariadbtest.ServerProgram()
	h.must(err)
	return exec.Command("/proc/self/exe", "replay", program, h.archive.Folder, h.archive.State, folder)
}

// expect starts a server on a replayed folder and compares its tables.
func (h *history) expect(folder string, want moment) {
	h.t.Helper()
	h.server.Stop()
	h.server.StartOn(folder)
	got := mariadbtest.Fingerprint(h.t, h.server.DB())
	if !maps.Equal(got, want.tables) {
		h.t.Errorf("after %s, %s:\ngot  %v\nwant %v", want.gtid, want.statement, got, want.tables)
	}
}

// bring replays to a moment, which must be the one after that, and compares.
func (h *history) bring(to archive.Moment, want moment) (plan *archive.Plan, folder string) {
	h.t.Helper()
	plan, err := h.archive.Resolve(h.t.Context(), h.start, h.taken, to)
	h.must(err)
	if plan.Last == nil || plan.Last.GTID != want.gtid {
		h.t.Fatalf("the plan of %s ends with %+v, want %s", to, plan.Last, want.gtid)
	}
	folder = h.stage(plan)
	if out, err := h.replay(folder).CombinedOutput(); err != nil {
		h.t.Fatalf("%v: %s", err, out)
	}
	return plan, folder
}

// A folder is brought to any moment of a writer of all kinds.
func TestReplayToAnyMoment(t *testing.T) {
	t.Parallel()
	h := newHistory(t, "--max-binlog-size=4096")
	h.write(
		`CREATE DATABASE shop`,
		`CREATE TABLE shop.item (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(2000), price INT, at TIMESTAMP(6) DEFAULT NOW(6)) ENGINE=InnoDB`,
		`CREATE TABLE shop.plain (id INT, word TEXT) ENGINE=MyISAM`,
		`INSERT INTO shop.item (name, price) VALUES ('a', 1), ('b', 2)`,
		`SET SESSION binlog_format='STATEMENT'`,
		`INSERT INTO shop.item (name, price) VALUES (REPEAT('statement ', 100), LAST_INSERT_ID())`,
		`SET @x = 'word'`,
		`INSERT INTO shop.item (name, price) VALUES (@x, FLOOR(RAND() * 10))`,
		`SET SESSION binlog_format='ROW'`,
		`INSERT INTO shop.plain VALUES (1, 'not transactional')`,
		`CREATE TABLE shop.copy AS SELECT * FROM shop.item`,
		`XA START 'one'`, `INSERT INTO shop.item (name) VALUES ('xa')`, `XA END 'one'`, `XA PREPARE 'one'`, `XA COMMIT 'one'`,
		`SET SESSION gtid_domain_id=7`, `INSERT INTO shop.item (name) VALUES ('other domain')`, `SET SESSION gtid_domain_id=0`,
		`INSERT INTO shop.copy (id, name) SELECT help_topic_id + 100000, REPEAT('long ', 300) FROM mysql.help_topic LIMIT 2000`,
		`CREATE USER someone IDENTIFIED BY 'secret'`, `GRANT SELECT ON shop.* TO someone`,
		`CREATE PROCEDURE shop.p() BEGIN SET @y = 1; INSERT INTO shop.item (name) VALUES ('called'); END`,
		`CALL shop.p()`,
		`CREATE TRIGGER shop.tr AFTER INSERT ON shop.item FOR EACH ROW INSERT INTO shop.plain VALUES (NEW.id, 'trigger')`,
		`INSERT INTO shop.item (name) VALUES ('triggers')`,
		`CREATE EVENT shop.e ON SCHEDULE EVERY 1 SECOND DO INSERT INTO shop.plain VALUES (0, 'event')`,
		`TRUNCATE TABLE shop.copy`, `DROP TABLE shop.copy`,
		`ALTER TABLE shop.item ADD COLUMN more INT DEFAULT 3`,
		`INSERT INTO shop.item (name) VALUES ('after')`,
		`DROP DATABASE old`,
	)
	now := time.Now().Truncate(time.Second)
	at := func(when time.Time) string { return fmt.Sprintf("SET timestamp = %d", when.Unix()) }
	h.write(at(now.AddDate(1, 0, 0)), `INSERT INTO shop.item (name) VALUES ('from the future')`,
		at(now), `INSERT INTO shop.item (name) VALUES ('now')`)
	moved := h.shadow[len(h.shadow)-1]
	h.write(at(now.Add(2*time.Second)), `INSERT INTO shop.item (name) VALUES ('a second later')`,
		at(now.Add(-time.Minute)), `INSERT INTO shop.item (name) VALUES ('the clock went back')`, `SET timestamp = DEFAULT`)
	h.archived()
	h.stop()
	for _, i := range append(rand.Perm(len(h.shadow) - 1)[:movesTried], len(h.shadow)-1) {
		want := h.shadow[i]
		m, err := archive.ParseMoment(want.gtid, nil)
		h.must(err)
		_, folder := h.bring(m, want)
		h.expect(folder, want)
	}

	// What clocks say does not end it early.
	plan, folder := h.bring(archive.Moment{Time: now}, moved)
	h.expect(folder, moved)
	notes := strings.Join(plan.Notes, "; ")
	for _, want := range []string{"1 transactions are dated in the future", "of the transactions left out are dated at or before the moment"} {
		if !strings.Contains(notes, want) {
			t.Errorf("the plan's notes: %s, want: %s", notes, want)
		}
	}

	// What was prepared then is so again, for whoever is to decide on it.
	m, err := archive.ParseMoment(h.half.gtid, nil)
	h.must(err)
	_, folder = h.bring(m, h.half)
	h.server.Stop()
	h.server.StartOn(folder)
	var name string
	h.must(h.server.DB().QueryRow(`XA RECOVER`).Scan(new(int), new(int), new(int), &name))
	if name != "one" {
		t.Errorf("%q is prepared", name)
	}
	h.server.Exec(`XA ROLLBACK 'one'`)
	h.expect(folder, h.half)
}

// A replay that is killed, or whose server is, goes on when it is run again: every
// transaction is done once.
func TestReplayGoesOnAfterKills(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	h := newHistory(t)
	h.write(`CREATE TABLE old.counter (id INT PRIMARY KEY, n INT)`, `INSERT INTO old.counter VALUES (1, 0)`,
		`CREATE TABLE old.log (id INT PRIMARY KEY AUTO_INCREMENT, n INT)`)
	for i := range 100 * killsTried {
		begin, commit := []string{`BEGIN`}, []string{`COMMIT`}
		if i%50 == 0 {
			begin, commit = []string{`XA START 'x'`}, []string{`XA END 'x'`, `XA PREPARE 'x'`, `XA COMMIT 'x'`}
		}
		work := []string{`UPDATE old.counter SET n = n + 1`, `INSERT INTO old.log (n) SELECT n FROM old.counter`}
		h.server.Exec(slices.Concat(begin, work, commit)...)
	}
	h.write(`INSERT INTO old.t VALUES (99, 'the end')`)
	want := h.shadow[len(h.shadow)-1]
	h.archived()
	h.stop()
	plan, err := h.archive.Resolve(t.Context(), h.start, h.taken, archive.Moment{})
	h.must(err)
	// Kills come while it works, however fast this machine is.
	began := time.Now()
	if out, err := h.replay(h.stage(plan)).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	took := time.Since(began)
	folder := h.stage(plan)
	kills, anew := 0, 0
	for {
		limit := time.Hour
		if kills < killsTried {
			limit = rand.N(took * 3 / 4)
		}
		out, ended := h.replayAndKill(folder, limit)
		if ended && strings.Contains(out, BeginAnew) {
			anew++
			folder = h.stage(plan)
			continue
		}
		if ended && !strings.Contains(out, "completed OK!") {
			t.Fatalf("after %d kills: %s", kills, out)
		}
		if ended {
			h.expect(folder, want)
			if kills >= killsTried/3 {
				break
			}
			// The machine does it faster than before.
			took /= 2
			folder = h.stage(plan)
			continue
		}
		kills++
	}
	t.Logf("%d kills, begun anew %d times", kills, anew)
}

// replayAndKill runs a replay and kills it, or its server, when the limit is over;
// ended says that it came to its end by itself before.
func (h *history) replayAndKill(folder string, limit time.Duration) (out string, ended bool) {
	h.t.Helper()
	cmd := h.replay(folder)
	var text strings.Builder
	cmd.Stdout, cmd.Stderr = &text, &text
	h.must(cmd.Start())
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(limit):
		victim := cmd.Process.Pid
		if children, err := os.ReadFile(
			filepath.Join("/proc", strconv.Itoa(victim), "task", strconv.Itoa(victim), "children"),
		); err == nil &&
			rand.IntN(2) == 0 &&
			len(strings.Fields(string(children))) > 0 {
			victim, err = strconv.Atoi(strings.Fields(string(children))[0])
			h.must(err)
		}
		h.must(unix.Kill(victim, unix.SIGKILL))
		<-done
	}
	return text.String(), cmd.ProcessState.Exited()
}
