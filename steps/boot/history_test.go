package boot

import (
	"context"
	"database/sql"
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
	t      *testing.T
	server *mariadbtest.Server
	// mysql is the version of a server of MySQL, empty for MariaDB; kind says which,
	// and counts is its variable of what it has done.
	mysql, kind, counts string
	// options are those by which the server finds files of its program.
	options []string

	archive *archive.Archive
	// copy is the data directory as it was at start.
	copy  string
	start server.Position
	taken time.Time
	// shadow has what the tables held, by the GTID of the last transaction; half is
	// the first half of a commit in two phases.
	shadow []moment
	half   moment
	// said is what the last replay has printed.
	said string
	// collector runs until stop is called, and seals a segment after every interval, or
	// of a size.
	collector *archive.Collector
	interval  time.Duration
	size      int64
	stop      func()
}

// moment is what was there after a statement: gtid is its own, all what the server
// had done.
type moment struct {
	gtid, all, statement string
	tables               map[string]string
}

func newHistory(t *testing.T, args ...string) *history {
	t.Helper()
	h := &history{t: t, interval: 200 * time.Millisecond, size: 1 << 20, kind: server.MariaDB, counts: "gtid_binlog_pos",
		server: mariadbtest.Start(t, mariadbtest.WithBinlog(), mariadbtest.WithArgs(args...))}
	h.old()
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
	h.begin()
	return h
}

// old makes what the data directory has at start.
func (h *history) old() {
	h.t.Helper()
	h.server.DB().SetMaxOpenConns(1)
	h.server.Exec(`CREATE DATABASE old`, `CREATE TABLE old.t (id INT PRIMARY KEY, word TEXT)`, `INSERT INTO old.t VALUES (1, 'one')`)
}

// begin begins the archive, of a server that has done no more than the copy has.
func (h *history) begin() {
	h.t.Helper()
	h.start.GTID = h.gtid()
	h.taken = time.Now()
	// No archive is made where there is no store.
	h.must(os.Mkdir(filepath.Join(h.server.Dir, "store"), 0o700))
	h.archive = archive.In(filepath.Join(h.server.Dir, "store"), filepath.Join(h.server.Dir, "state"))
	h.collect()
}

// collect starts the collector.
func (h *history) collect() {
	asked := &server.Server{DBType: h.kind, CredentialsFile: h.server.CredentialsFile, DataDir: h.server.DataDir}
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
	h.must(h.server.DB().QueryRow(`SELECT @@GLOBAL.` + h.counts).Scan(&text))
	return strings.ReplaceAll(text, "\n", "")
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
		now := moment{gtid: newest(before, after), all: after, statement: statement}
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
	if strings.Contains(after, ":") {
		return newestOf(before, after)
	}
	for part := range strings.SplitSeq(after, ",") {
		if !strings.Contains(","+before+",", ","+part+",") {
			return part
		}
	}
	return ""
}

// newestOf is newest for sets of MySQL.
func newestOf(before, after string) string {
	seen, _ := binlog.ParseState(before)
	for part := range strings.SplitSeq(after, ",") {
		source, rest, _ := strings.Cut(part, ":")
		uuid := source
		for numbers := range strings.SplitSeq(rest, ":") {
			if numbers[0] < '0' || numbers[0] > '9' {
				source = uuid + ":" + numbers
				continue
			}
			g, err := binlog.ParseGTID(source + ":" + numbers[strings.LastIndexByte(numbers, '-')+1:])
			if err == nil && !seen.Has(g) {
				return g.String()
			}
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
	program := os.Getenv("DBCALM_TEST_MYSQLD")
	if h.mysql == "" {
		var err error
		program, err = mariadbtest.ServerProgram()
		h.must(err)
	}
	args := []string{"replay", program, h.archive.Folder, h.archive.State, folder, h.mysql}
	return exec.Command("/proc/self/exe", append(args, h.options...)...)
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
	if all := h.gtid(); h.mysql != "" && all != want.all {
		h.t.Errorf("after %s, %s: the server has done %s, want %s", want.gtid, want.statement, all, want.all)
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
	out, err := h.replay(folder).CombinedOutput()
	if err != nil {
		h.t.Fatalf("%v: %s", err, out)
	}
	h.said = string(out)
	return plan, folder
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

// killReplays has many transactions replayed while that is killed again and again.
func (h *history) killReplays() {
	h.t.Helper()
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
	plan, err := h.archive.Resolve(h.t.Context(), h.start, h.taken, archive.Moment{})
	h.must(err)
	// Kills come while it works, however fast this machine is.
	began := time.Now()
	if out, err := h.replay(h.stage(plan)).CombinedOutput(); err != nil {
		h.t.Fatalf("%v: %s", err, out)
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
			h.t.Fatalf("after %d kills: %s", kills, out)
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
	h.t.Logf("%d kills, begun anew %d times", kills, anew)
}

// shopBegins is how a writer of all kinds begins, on a server of either kind.
var shopBegins = slices.Concat([]string{
	`CREATE DATABASE shop`,
	`CREATE TABLE shop.item (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(2000), price INT, at TIMESTAMP(6) DEFAULT NOW(6)) ENGINE=InnoDB`,
	`CREATE TABLE shop.plain (id INT, word TEXT) ENGINE=MyISAM`,
	`INSERT INTO shop.item (name, price) VALUES ('a', 1), ('b', 2)`,
}, mariadbtest.ByStatement, []string{
	`SET SESSION binlog_format='ROW'`,
	`INSERT INTO shop.plain VALUES (1, 'not transactional')`,
})
