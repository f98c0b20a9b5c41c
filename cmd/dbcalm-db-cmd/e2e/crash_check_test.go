package e2e

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/store"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// operationState is where an operation stands.
type operationState struct {
	machine, state, status string
	attempt                int
}

// openStates reads the open operations from the database, as a stranger
// would.
func (c *crash) openStates() map[string]operationState {
	return c.states(`status IN ('waiting', 'running')`)
}

func (c *crash) finalStates() map[string]operationState { return c.states(`1`) }

func (c *crash) states(where string) map[string]operationState {
	c.w.t.Helper()
	list := map[string]operationState{}
	c.queryLedger(`SELECT id, machine, state, status, attempt FROM operation WHERE `+where, func(rows *sql.Rows) error {
		var id string
		var o operationState
		if err := rows.Scan(&id, &o.machine, &o.state, &o.status, &o.attempt); err != nil {
			return err
		}
		list[id] = o
		return nil
	})
	return list
}

// query reads rows from the shared file beside the daemon.
func (c *crash) query(text string, scan func(*sql.Rows) error) {
	c.w.t.Helper()
	c.queryFile(c.w.database, text, scan)
}

// queryLedger reads rows from the ledger beside the daemon.
func (c *crash) queryLedger(text string, scan func(*sql.Rows) error) {
	c.w.t.Helper()
	c.queryFile(persistence.LedgerPath(c.w.stateDir), text, scan)
}

func (c *crash) queryFile(path, text string, scan func(*sql.Rows) error) {
	c.w.t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		c.w.t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(text)
	// While daemons die and start, SQLite may give up on which of its processes is to
	// bring the file in order. It says so, and whoever asks again has the answer.
	for tries := 0; err != nil && strings.Contains(err.Error(), "locking protocol (15)") && tries < 3; tries++ {
		rows, err = db.Query(text)
	}
	if err != nil {
		c.w.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			c.w.t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		c.w.t.Fatal(err)
	}
}

// checkRound checks every invariant against the disk, the process table and
// the database.
func (c *crash) checkRound(rng *rand.Rand, accepted []string, seen *watcher) {
	t, w := c.w.t, c.w
	t.Helper()
	final := c.finalStates()
	c.checkTold()
	for _, id := range accepted {
		if _, known := final[id]; !known {
			t.Errorf("operation %s was accepted and is forgotten", id)
		}
	}
	seen.check(t)
	c.checkProcessRows(final)
	c.checkStore(rng)
	c.checkArchive()
	c.checkVerifications()
	w.eventually("no program is left", func() bool {
		return len(slices.DeleteFunc(w.processes(), func(p process) bool { return p.pid == w.daemon.cmd.Process.Pid })) == 0
	})
	if left := entries(t, filepath.Join(w.stateDir, "jobs")); len(left) > 0 {
		t.Errorf("job folders left: %v", left)
	}
	for _, name := range entries(t, filepath.Dir(w.db.DataDir)) {
		if strings.Contains(name, ".dbcalm-") {
			t.Errorf("stage left: %s", name)
		}
	}
	c.checkRestores(rng)
	if t.Failed() {
		for id, o := range final {
			if v := w.show(id); !c.past[id] {
				t.Logf("%s %s (%s): %s\n%s", o.machine, id, v.Status, v.Error, w.story(v))
				for _, p := range v.Processes {
					t.Logf("%s\n%s", p.Command, p.Output)
				}
			}
		}
	}
}

// awaitDelivered waits until the shared file has been told all that the ledger
// holds: it is written after it.
func (c *crash) awaitDelivered() {
	c.w.t.Helper()
	c.w.eventually("the shared file says what the ledger does", func() bool {
		left := 0
		c.queryLedger(`SELECT count(*) FROM outbox`, func(rows *sql.Rows) error { return rows.Scan(&left) })
		return left == 0
	})
}

// checkProcessRows checks that clients were told the truth.
func (c *crash) checkProcessRows(final map[string]operationState) {
	c.w.t.Helper()
	c.awaitDelivered()
	want := map[string]string{"succeeded": "success", "failed": "failed", "cancelled": "failed"}
	c.query(`SELECT command_id, status FROM process p WHERE id = (SELECT max(id) FROM process WHERE command_id = p.command_id)`,
		func(rows *sql.Rows) error {
			var id, status string
			if err := rows.Scan(&id, &status); err != nil {
				return err
			}
			if o := final[id]; status != want[o.status] {
				c.w.t.Errorf("operation %s %s in %s, its newest process row says %s", id, o.status, o.state, status)
			}
			return nil
		})
}

// checkStore checks that exactly the recorded backups are in the store, whole
// to the last byte, and that nothing else is.
func (c *crash) checkStore(rng *rand.Rand) {
	t := c.w.t
	t.Helper()
	var recorded []string
	c.query(`SELECT id FROM backup`, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		recorded = append(recorded, id)
		return err
	})
	var there []string
	for _, name := range entries(t, c.w.backupDir) {
		if name == "restores" {
			continue
		}
		there = append(there, name)
	}
	slices.Sort(recorded)
	slices.Sort(there)
	if !slices.Equal(recorded, there) {
		t.Errorf("recorded are %v, in the store are %v", recorded, there)
		return
	}
	for _, id := range recorded {
		if strings.HasPrefix(id, "base") && rng != nil && rng.IntN(4) > 0 {
			continue
		}
		c.checkManifest(id)
	}
}

// checkVerifications checks that nothing that happened here, which damages no
// backup, is held against one.
func (c *crash) checkVerifications() {
	c.w.t.Helper()
	c.queryLedger(`SELECT backup_id, damage FROM operation_verification WHERE damage <> ''`, func(rows *sql.Rows) error {
		var id, damage string
		err := rows.Scan(&id, &damage)
		c.w.t.Errorf("backup %s is held to be damaged: %s", id, damage)
		return err
	})
}

func (c *crash) checkManifest(id string) {
	t := c.w.t
	t.Helper()
	folder := filepath.Join(c.w.backupDir, id)
	text, err := os.ReadFile(filepath.Join(folder, store.ManifestName))
	if err != nil {
		t.Error(err)
		return
	}
	var m store.Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		t.Error(err)
		return
	}
	files := map[string]string{}
	for _, f := range m.Files {
		files[filepath.Join(folder, f.Path)] = f.SHA256
	}
	if m.Stream != nil && m.Stream.Forwarded {
		files[filepath.Join(c.w.vault(), m.Stream.File)] = m.Stream.SHA256
	}
	for path, want := range files {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
			continue
		}
		if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != want {
			t.Errorf("backup %s: %s is not what was recorded", id, path)
		}
	}
}

// checkRestores checks that each restore that succeeded is there, and, of a
// sample, that a server runs on it with the right rows; and that one that did
// not succeed left nothing.
func (c *crash) checkRestores(rng *rand.Rand) {
	t, w := c.w.t, c.w
	t.Helper()
	wanted := map[string]bool{}
	for id, o := range c.finalStates() {
		if o.machine != "restore_folder" || o.status != "succeeded" || c.past[id] {
			continue
		}
		v := w.show(id)
		wanted[filepath.Base(v.Args.TmpDir)] = true
		target := filepath.Join(v.Args.TmpDir, v.Args.IDList[0])
		want := c.expect[v.Backup]
		if v.Args.To != "" {
			want = c.expect[v.Args.To]
		}
		if _, err := os.Stat(target); err == nil && len(v.Args.IDList) > 1 && rng.IntN(3) == 0 {
			c.checkServer(target, want)
		}
	}
	for _, name := range entries(t, filepath.Join(w.backupDir, "restores")) {
		if !wanted[name] {
			t.Errorf("restores/%s belongs to no restore that succeeded", name)
		}
	}
	if c.serverUp {
		if rng.IntN(3) == 0 {
			c.checkNewBackups()
		}
		return
	}
	c.checkDatabase()
}

// checkServer starts a server on a folder and compares its rows.
func (c *crash) checkServer(folder string, want map[string]string) {
	c.w.t.Helper()
	c.checker.StartOn(folder)
	defer c.checker.Stop()
	c.compare(c.checker.DB(), want)
}

// checkDatabase checks the data directory after a restore into it: it holds
// all, or it is as it was, empty.
func (c *crash) checkDatabase() {
	t, w := c.w.t, c.w
	t.Helper()
	restored := ""
	for id, o := range c.finalStates() {
		if o.machine == "restore_database" && o.status == "succeeded" && !c.past[id] {
			restored = w.show(id).Backup
		}
	}
	if restored == "" {
		if left := entries(t, w.db.DataDir); len(left) > 0 {
			t.Errorf("no restore succeeded, but the data directory holds %v", left)
		}
		return
	}
	w.db.Start()
	c.compare(w.db.DB(), c.expect[restored])
	w.db.Stop()
	w.loseData()
}

// checkNewBackups restores what this round has backed up and compares it.
func (c *crash) checkNewBackups() {
	t, w := c.w.t, c.w
	t.Helper()
	for _, chain := range [][]string{{c.name() + "-full"}, append(slices.Clone(c.chain), c.name()+"-inc")} {
		last := chain[len(chain)-1]
		if !slices.Contains(entries(t, w.backupDir), last) {
			continue
		}
		v := w.succeeded(w.restore(api.TargetFolder, chain...))
		c.checkServer(filepath.Join(v.Args.TmpDir, chain[0]), c.expect[last])
	}
}

func (c *crash) compare(db *sql.DB, want map[string]string) {
	c.w.t.Helper()
	if got := mariadbtest.Fingerprint(c.w.t, db); !maps.Equal(got, want) {
		c.w.t.Errorf("restored rows differ:\n got %v\nwant %v", got, want)
	}
}

// tidy removes what the round has made, as a person would.
func (c *crash) tidy() {
	t, w := c.w.t, c.w
	t.Helper()
	if err := os.RemoveAll(filepath.Join(w.backupDir, "restores")); err != nil {
		t.Fatal(err)
	}
	there := entries(t, w.backupDir)
	c.spare = ""
	for _, id := range there {
		switch {
		case strings.HasPrefix(id, "base"):
		case c.spare == "" && strings.HasSuffix(id, "-full") || id == "spare":
			c.spare = id
		default:
			if err := w.client.DeleteBackup(w.ctx(), api.DeleteRequest{ID: id}); err != nil {
				t.Errorf("delete %s: %v", id, err)
			}
		}
	}
	for id := range c.finalStates() {
		c.past[id] = true
	}
	// Nobody but a person removes what was forwarded.
	there = entries(t, w.backupDir)
	for _, name := range entries(t, w.vault()) {
		id, _, sent := strings.Cut(strings.TrimPrefix(name, "backup-"), ".xbstream")
		if sent && !slices.Contains(there, id) {
			if err := os.Remove(filepath.Join(w.vault(), name)); err != nil {
				t.Error(err)
			}
		}
	}
}

// watcher polls the process table as clients do and notes whoever was told an
// end that was none.
type watcher struct {
	end  chan struct{}
	done sync.WaitGroup
	lies []string
}

func (c *crash) watch() *watcher {
	s := &watcher{end: make(chan struct{})}
	ended := map[string]string{}
	db, err := sql.Open("sqlite", "file:"+c.w.database+"?_pragma=busy_timeout(5000)")
	if err != nil {
		c.w.t.Fatal(err)
	}
	s.done.Go(func() {
		defer db.Close()
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-s.end:
				return
			case <-tick.C:
			}
			rows, err := db.Query(`SELECT command_id, status FROM process p
				WHERE id = (SELECT max(id) FROM process WHERE command_id = p.command_id)`)
			if err != nil {
				continue
			}
			for rows.Next() {
				var id, status string
				if rows.Scan(&id, &status) != nil {
					continue
				}
				if before, found := ended[id]; found && before != status {
					s.lies = append(s.lies, id+" was "+before+", then "+status)
				}
				if status != "running" {
					ended[id] = status
				}
			}
			_ = rows.Close()
		}
	})
	return s
}

// stop ends the watching. Calling it twice is fine.
func (s *watcher) stop() {
	select {
	case <-s.end:
	default:
		close(s.end)
	}
	s.done.Wait()
}

func (s *watcher) check(t interface{ Errorf(string, ...any) }) {
	s.stop()
	for _, lie := range s.lies {
		t.Errorf("clients were told a lie: %s", lie)
	}
}
