package e2e

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"dbcalm-db-cmd/machine/api"
	disktest "dbcalm-db-cmd/steps/testkit/disk"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// crash is a world in which things die.
type crash struct {
	t *testing.T
	w *world
	// points is the folder in which named points are armed.
	points string
	boots  int
	rounds int
	// checker is a second server, started on what was restored.
	checker *mariadbtest.Server
	// expect holds what each backup's data must be like, and that at the moment, a
	// GTID, to which backups are brought.
	expect map[string]map[string]string
	moment string
	// chain is what the round restores and stands on, form how it stores.
	chain []string
	form  string
	// serverUp tells which half this is.
	serverUp bool
	// past holds the operations of earlier rounds.
	past map[string]bool
	// spare is a backup that the next round deletes.
	spare string
}

// crashBases are the backups that rounds begin with, in the order in which they
// are made, and the forms they are stored in.
var crashBases = []struct{ id, from, form string }{
	{"base", "", "directory"}, {"base-inc", "base", "directory"},
	{"base-stream", "", "zstd stream"}, {"base-compressed", "base-stream", "gzip directory"}, {"base-sent", "base-stream", "forwarded stream"},
}

// crashChains are the chains of them.
var crashChains = [][]string{{"base", "base-inc"}, {"base-stream", "base-compressed"}, {"base-stream", "base-sent"}}

// crashForms are the forms in which rounds store.
var crashForms = []string{"directory", "zstd directory", "gzip stream", "forwarded stream"}

// newCrash makes a world on small disks of its own, with chains of two.
func newCrash(t *testing.T) *crash {
	t.Helper()
	return newCrashOn(t, disktest.Small(t, 900<<20), disktest.Small(t, 128<<20), t.TempDir())
}

// newCrashOn makes it in the given folders.
func newCrashOn(t *testing.T, backupDir, stateDir, points string) *crash {
	t.Helper()
	c := &crash{t: t, points: points, expect: map[string]map[string]string{}, past: map[string]bool{}}
	c.w = newWorld(t, worldOptions{tags: "crashpoints", backupDir: backupDir, stateDir: stateDir,
		server: []mariadbtest.Option{mariadbtest.WithBinlog()},
		config: map[string]string{"max_concurrent": "4", "parallel": "1", "log_level": "info", "archive": "true", "archive_interval": "1s"}})
	c.write("boot_id", "boot-0")
	c.w.configure("on_finish", c.tellCommand())
	c.w.env = append(c.w.env, "DBCALM_CRASH_DIR="+c.points)
	c.checker = mariadbtest.Start(t)
	c.checker.Stop()
	c.form = crashBases[0].form
	c.w.configureForm(c.form)
	c.w.start()
	for _, b := range crashBases {
		mariadbtest.FillTables(t, c.w.db.DB(), 3, 20)
		c.storeIn(b.form)
		if b.from == "" {
			c.w.succeeded(c.w.full(b.id))
		} else {
			c.w.succeeded(c.w.incremental(b.id, b.from))
		}
		c.expect[b.id] = mariadbtest.Fingerprint(t, c.w.db.DB())
	}
	mariadbtest.FillTables(t, c.w.db.DB(), 3, 20)
	c.moment = c.gtid()
	c.expect[c.moment] = mariadbtest.Fingerprint(t, c.w.db.DB())
	return c
}

// storeIn lets backups be stored in a form.
func (c *crash) storeIn(form string) {
	if c.form != form {
		c.form = form
		c.w.use(form)
	}
}

// crashServerUp makes the half in which backups are taken.
func crashServerUp(t *testing.T) *crash {
	c := newCrash(t)
	c.serverUp = true
	return c
}

// crashServerDown makes the half in which the database is restored.
func crashServerDown(t *testing.T) *crash {
	c := newCrash(t)
	c.w.succeeded(c.w.full("spare"))
	c.spare = "spare"
	c.w.db.Stop()
	c.w.loseData()
	return c
}

// commands sends a round's commands. The daemon may die under any of them, so
// a failure to be answered is none; what was answered with 202 must be heard
// of again.
func (c *crash) commands(rng *rand.Rand) (accepted []string) {
	w := c.w
	note := func(id string, err error) {
		if err == nil {
			accepted = append(accepted, id)
		}
	}
	name := c.name()
	if c.serverUp {
		note(w.client.FullBackup(w.ctx(), api.BackupRequest{ID: name + "-full"}))
		note(w.client.IncrementalBackup(w.ctx(), api.BackupRequest{ID: name + "-inc", FromBackupID: c.chain[1]}))
	} else {
		note(w.client.RestoreBackup(w.ctx(), api.RestoreRequest{IDList: c.chain, Target: api.TargetDatabase}))
		note(w.client.RestoreBackup(w.ctx(), api.RestoreRequest{IDList: c.chain[:1], Target: api.TargetFolder}))
	}
	to := ""
	if rng.IntN(3) == 0 {
		to = c.moment
	}
	note(w.client.RestoreBackup(w.ctx(), api.RestoreRequest{IDList: c.chain, Target: api.TargetFolder, To: to}))
	level := api.Level("boot")
	if rng.IntN(3) == 0 {
		level = "checksum"
	}
	note(w.client.VerifyBackup(w.ctx(), api.VerifyRequest{ID: c.chain[1], Level: level}))
	if c.spare != "" {
		// It answers when the backup is gone, which the kills may delay.
		go func(id string) { _ = w.client.DeleteBackup(w.ctx(), api.DeleteRequest{ID: id}) }(c.spare)
	}
	if rng.IntN(5) == 0 && len(accepted) > 0 {
		_ = w.client.Cancel(w.ctx(), accepted[rng.IntN(len(accepted))])
	}
	return accepted
}

// name begins the ids of a round's backups.
func (c *crash) name() string { return "r" + strconv.Itoa(c.rounds) }

// round sends commands, strikes one to three times while they are carried
// out, lets everything end, and checks the invariants. It returns the number
// of kills struck.
func (c *crash) round(rng *rand.Rand, table *matrix) (struck int) {
	c.rounds++
	w := c.w
	c.chain = crashChains[rng.IntN(len(crashChains))]
	if c.serverUp {
		c.storeIn(crashForms[rng.IntN(len(crashForms))])
		mariadbtest.FillTables(w.t, w.db.DB(), 3, 2)
		c.expect[c.name()+"-full"] = mariadbtest.Fingerprint(w.t, w.db.DB())
		c.expect[c.name()+"-inc"] = c.expect[c.name()+"-full"]
	}
	seen := c.watch()
	defer seen.stop()
	accepted := make(chan []string, 1)
	var strikes []strikeRecord
	for i := range 1 + rng.IntN(3) {
		kind := killKinds[rng.IntN(len(killKinds))]
		point, limit := "", time.Duration(rng.IntN(900))*time.Millisecond
		if rng.IntN(4) > 0 {
			point, limit = crashPoints[rng.IntN(len(crashPoints))], 1500*time.Millisecond
			c.arm(point)
		}
		if i == 0 {
			commands := rand.New(rand.NewPCG(rng.Uint64(), 2))
			go func() { accepted <- c.commands(commands) }()
		}
		if point == "" {
			timer := time.NewTimer(limit)
			<-timer.C
		} else if !c.awaitHit(point, limit) {
			continue
		}
		record := strikeRecord{kind: kind, point: point, states: c.openStates()}
		if c.strike(rng, kind) {
			strikes = append(strikes, record)
			struck++
		}
	}
	var ids []string
	w.eventually("all commands are answered, or their daemon is gone", func() bool {
		c.resumeAll()
		select {
		case ids = <-accepted:
			return true
		default:
			return false
		}
	})
	c.settle()
	defer func() {
		if w.t.Failed() {
			for _, s := range strikes {
				w.t.Logf("struck: %s at %q, open were %v", s.kind, s.point, s.states)
			}
		}
	}()
	c.checkRound(rng, ids, seen)
	table.add(strikes, c.finalStates())
	c.tidy()
	return struck
}

// settle waits until a daemon answers and every operation has ended.
func (c *crash) settle() {
	c.w.t.Helper()
	c.w.eventually("a daemon answers", func() bool {
		c.resumeAll()
		select {
		case <-c.w.daemon.exit:
			c.w.launch()
		default:
		}
		_, err := c.w.client.Operations(c.w.ctx(), api.OperationFilter{Limit: 1})
		return err == nil
	})
	c.w.eventually("every operation ends", func() bool { return len(c.openStates()) == 0 })
}
