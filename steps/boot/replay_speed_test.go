//go:build moments

package boot

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dbcalm-db-cmd/steps/archive"
	"dbcalm-db-cmd/steps/binlog"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// What is measured, and for how long: rounds of a while with and without the
// archive in turn.
const (
	speedWriters = 4
	speedRounds  = 40
	speedRound   = 1500 * time.Millisecond
	speedReplays = 3
	speedFill    = 60_000
)

// commit is one transaction: when its client knew of it.
type commit struct {
	seq uint64
	at  time.Time
}

// speedBench measures what the archive costs and how far it is behind.
type speedBench struct {
	*history
	// rates are commits a second, without and with the archive, round by round.
	without, with []float64
	lags          []time.Duration
}

// TestArchiveSpeed prints how far the archive is behind its server, what it costs
// that, and how fast a replay is. ARCHIVE_OUT is a file to which the table is
// written.
func TestArchiveSpeed(t *testing.T) {
	b := &speedBench{history: newHistory(t, "--sync-binlog=1", "--innodb-flush-log-at-trx-commit=1")}
	b.stop()
	// As the daemon does by default.
	b.interval, b.size = time.Minute, 64<<20
	b.server.DB().SetMaxOpenConns(speedWriters + 2)
	b.server.Exec(`CREATE TABLE old.busy (id INT PRIMARY KEY AUTO_INCREMENT, writer INT, word VARCHAR(300))`)
	for i := range 2 * speedRounds {
		// Without, with, with, without: what changes slowly changes both.
		if i%4 == 1 || i%4 == 2 {
			b.roundWith()
		} else {
			b.without = append(b.without, b.rate(b.commits()))
		}
	}
	b.server.Exec(`SET GLOBAL sync_binlog = 0, GLOBAL innodb_flush_log_at_trx_commit = 2`,
		`CREATE PROCEDURE old.fill(n INT) BEGIN WHILE n > 0 DO INSERT INTO old.busy (writer, word) VALUES (9, REPEAT('word ', 40)); `+
			`SET n = n - 1; END WHILE; END`, fmt.Sprintf(`CALL old.fill(%d)`, speedFill))
	b.collect()
	b.archived()
	b.stop()
	table := b.table()
	fmt.Print(table)
	if out := os.Getenv("ARCHIVE_OUT"); out != "" {
		b.must(os.WriteFile(out, []byte(table), 0o644))
	}
}

func (b *speedBench) rate(list []commit) float64 { return float64(len(list)) / speedRound.Seconds() }

// commits lets the writers write for a round, as fast as they can.
func (b *speedBench) commits() []commit {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), speedRound)
	defer cancel()
	var mu sync.Mutex
	var all []commit
	var writers sync.WaitGroup
	for i := range speedWriters {
		writers.Go(func() {
			conn, err := b.server.DB().Conn(b.t.Context())
			if err != nil {
				b.t.Error(err)
				return
			}
			defer conn.Close()
			for ctx.Err() == nil {
				var gtid string
				if _, err := conn.ExecContext(b.t.Context(), `INSERT INTO old.busy (writer, word) VALUES (?, REPEAT('word ', 40))`, i); err != nil {
					b.t.Error(err)
					return
				}
				at := time.Now()
				if err := conn.QueryRowContext(b.t.Context(), `SELECT @@last_gtid`).Scan(&gtid); err != nil {
					b.t.Error(err)
					return
				}
				g, err := binlog.ParseGTID(gtid)
				if err != nil {
					b.t.Error(err)
					return
				}
				mu.Lock()
				all = append(all, commit{g.Seq, at})
				mu.Unlock()
			}
		})
	}
	writers.Wait()
	return all
}

// roundWith is a round under the collector, which has caught up before.
func (b *speedBench) roundWith() {
	b.t.Helper()
	b.collect()
	defer b.stop()
	b.must(b.collector.Flush(b.t.Context()))
	watching, stop := context.WithCancel(b.t.Context())
	seen := make(chan []commit)
	go func() { seen <- watch(watching, b.collector) }()
	list := b.commits()
	testkit.Eventually(b.t, "all of the round is durable", func() bool {
		newest := slices.MaxFunc(list, func(x, y commit) int { return int(x.seq) - int(y.seq) })
		g, err := binlog.ParseGTID(b.collector.Status().GTID)
		return err == nil && g.Seq >= newest.seq
	})
	stop()
	durable := <-seen
	b.with = append(b.with, b.rate(list))
	for _, c := range list {
		at, _ := slices.BinarySearchFunc(durable, c.seq, func(d commit, seq uint64) int { return int(d.seq) - int(seq) })
		if at < len(durable) {
			b.lags = append(b.lags, max(0, durable[at].at.Sub(c.at)))
		}
	}
}

// watch notes when the archive has had which transaction as its newest.
func watch(ctx context.Context, c *archive.Collector) (list []commit) {
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for {
		g, err := binlog.ParseGTID(c.Status().GTID)
		if n := len(list); err == nil && (n == 0 || list[n-1].seq != g.Seq) {
			list = append(list, commit{g.Seq, time.Now()})
		}
		if ctx.Err() != nil {
			return list
		}
		<-ticker.C
	}
}

// replays measures a whole replay, and the SQL thread of a plain replica on the
// same relay log.
func (b *speedBench) replays() (plan *archive.Plan, whole, ours, bare time.Duration) {
	b.t.Helper()
	plan, err := b.archive.Resolve(b.t.Context(), b.start, b.taken, archive.Moment{})
	b.must(err)
	var took, applied, plain []time.Duration
	want := map[string]string{}
	for range speedReplays {
		folder := b.stage(plan)
		began := time.Now()
		if out, err := b.replay(folder).CombinedOutput(); err != nil {
			b.t.Fatalf("%v: %s", err, out)
		}
		took = append(took, time.Since(began))
		var progress Applied
		b.must(disk.ReadJSON(filepath.Join(filepath.Dir(folder), ReplayProgress), 1<<20, &progress))
		applied = append(applied, progress.Took())
		plain = append(plain, b.bare(plan, want))
		b.expect(folder, moment{gtid: plan.GTID, tables: want})
	}
	for _, list := range [][]time.Duration{took, applied, plain} {
		slices.Sort(list)
	}
	return plan, took[speedReplays/2], applied[speedReplays/2], plain[speedReplays/2]
}

// bare has a replica do the relay log of a plan, and tells what its tables hold
// then.
func (b *speedBench) bare(plan *archive.Plan, holds map[string]string) time.Duration {
	b.t.Helper()
	replica := mariadbtest.Start(b.t, mariadbtest.WithArgs("--server-id=9", "--replicate-same-server-id", "--relay-log=relay-bin",
		"--relay-log-purge=OFF", "--slave-parallel-threads=0", "--innodb-log-file-size=128M", "--innodb-buffer-pool-size=32M"))
	replica.Stop()
	folder := filepath.Join(replica.Dir, "copy")
	b.run("cp", "-a", b.copy, folder)
	from, err := binlog.ParseState(plan.From)
	b.must(err)
	relay := b.t.TempDir()
	laid, err := b.archive.Lay(b.t.Context(), plan, from, relay)
	b.must(err)
	var index strings.Builder
	for _, name := range laid.Files {
		b.must(os.Rename(filepath.Join(relay, name), filepath.Join(folder, name)))
		index.WriteString("./" + name + "\n")
	}
	b.must(os.WriteFile(filepath.Join(folder, "relay-bin.index"), []byte(index.String()), 0o600))
	replica.StartOn(folder)
	replica.Exec(`SET GLOBAL gtid_slave_pos = '`+plan.From+`'`, fmt.Sprintf("CHANGE MASTER TO MASTER_HOST='none', MASTER_USER='none', "+
		"MASTER_LOG_FILE='%s', MASTER_LOG_POS=4, RELAY_LOG_FILE='%s', RELAY_LOG_POS=4, MASTER_USE_GTID=no", laid.Files[0], laid.Files[0]))
	began := time.Now()
	replica.Exec(`START SLAVE SQL_THREAD`)
	var reached int
	b.must(replica.DB().QueryRow(`SELECT MASTER_GTID_WAIT(?, 600)`, plan.GTID).Scan(&reached))
	took := time.Since(began)
	if reached != 0 {
		b.t.Fatalf("the replica has not come to %s: %s", plan.GTID, replica.Log())
	}
	replica.Exec(`STOP SLAVE`)
	maps.Copy(holds, mariadbtest.Fingerprint(b.t, replica.DB()))
	replica.Stop()
	return took
}

// table is what was measured, for the manual.
func (b *speedBench) table() string {
	plan, whole, ours, bare := b.replays()
	falls := make([]float64, len(b.with))
	for i := range b.with {
		falls[i] = 100 * (1 - b.with[i]/b.without[i])
	}
	slices.Sort(falls)
	slices.Sort(b.with)
	slices.Sort(b.without)
	slices.Sort(b.lags)
	at := func(part float64) string {
		return b.lags[int(part*float64(len(b.lags)-1))].Round(time.Millisecond).String()
	}
	n := len(falls)
	rate := func(took time.Duration) float64 { return float64(plan.Transactions) / took.Seconds() }
	var text strings.Builder
	row := func(cells ...string) { text.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	row("What", "Measured", "Goal")
	text.WriteString("|---|---|---|\n")
	row("From a commit to the disk of the archive, half of all, 99 of 100, all",
		fmt.Sprintf("%s, %s, %s", at(0.5), at(0.99), at(1)), "99 of 100: 2s")
	row(fmt.Sprintf("Commits a second of %d writers that are never idle, each synced: without the archive, with it", speedWriters),
		fmt.Sprintf("%.0f, %.0f", b.without[n/2], b.with[n/2]), "")
	row(fmt.Sprintf("By how much they fall: half of %d rounds, the quarter with the least, that with the most", n),
		fmt.Sprintf("%.1f %%, %.1f %%, %.1f %%", falls[n/2], falls[n/4], falls[n-1-n/4]), "half: 3 %")
	row(fmt.Sprintf("Transactions a second of a replay of %d, with all that it does before and after", plan.Transactions),
		fmt.Sprintf("%.0f", rate(whole)), "")
	row("of the same while they are applied", fmt.Sprintf("%.0f", rate(ours)), "")
	row("of the SQL thread of a replica that is given the same relay log", fmt.Sprintf("%.0f", rate(bare)), "")
	row("The second of these by the third", fmt.Sprintf("%.2f", rate(ours)/rate(bare)), "0.9")
	return text.String()
}
