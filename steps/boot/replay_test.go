package boot

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/steps/archive"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// A folder is brought to any moment of a writer of all kinds.
func TestReplayToAnyMoment(t *testing.T) {
	t.Parallel()
	h := newHistory(t, "--max-binlog-size=4096")
	h.write(shopBegins...)
	h.write(
		`CREATE TABLE shop.copy AS SELECT * FROM shop.item`,
		`XA START 'one'`, `INSERT INTO shop.item (name) VALUES ('xa')`, `XA END 'one'`, `XA PREPARE 'one'`, `XA COMMIT 'one'`,
		`SET SESSION gtid_domain_id=7`, `INSERT INTO shop.item (name) VALUES ('other domain')`, `SET SESSION gtid_domain_id=0`,
		`INSERT INTO shop.copy (id, name) SELECT help_topic_id + 100000, REPEAT('long ', 300) FROM mysql.help_topic LIMIT 2000`,
	)
	h.write(mariadbtest.WithCode...)
	h.write(
		`CREATE TRIGGER shop.tr AFTER INSERT ON shop.item FOR EACH ROW INSERT INTO shop.plain VALUES (NEW.id, 'trigger')`,
		`INSERT INTO shop.item (name) VALUES ('triggers')`,
		`CREATE EVENT shop.e ON SCHEDULE EVERY 1 SECOND DO INSERT INTO shop.plain VALUES (0, 'event')`,
		`TRUNCATE TABLE shop.copy`, `DROP TABLE shop.copy`,
	)
	h.write(mariadbtest.WithAColumn...)
	h.write(`DROP DATABASE old`)
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
	for _, want := range []string{"dated in the future, by a client or a clock: 1 transaction;",
		"of the transactions left out are dated at or before the moment"} {
		if !strings.Contains(notes, want) {
			t.Errorf("the plan's notes: %s, want: %s", notes, want)
		}
	}

	if !strings.Contains(h.said, EventsOff+"shop.e\n") {
		t.Errorf("of the event that is off is said: %s", h.said)
	}

	// What is read is not all that is wanted.
	folder = h.stage(plan)
	plan.GTID = "0-1-99999"
	h.must(disk.WriteJSON(filepath.Join(filepath.Dir(folder), PlanFile), plan))
	if out, err := h.replay(folder).CombinedOutput(); err == nil || !strings.Contains(string(out), "and not at 0-1-99999 as planned") {
		t.Errorf("%v: %s", err, out)
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
	newHistory(t).killReplays()
}
