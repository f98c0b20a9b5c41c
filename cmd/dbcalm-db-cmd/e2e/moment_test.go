package e2e

import (
	"maps"
	"regexp"
	"strings"
	"testing"

	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// A table is dropped, and the data brought back to the transaction before that:
// into the data directory, from an incremental that was taken under a writer. What
// is archived then is another history.
func TestBackToTheMomentBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{server: []mariadbtest.Option{mariadbtest.WithBinlog()},
		config: map[string]string{"archive": "true", "archive_interval": "1s"}})
	w.start()
	writer := mariadbtest.StartWriter(t, w.db.DB())
	w.expectCLI(0, idLine+`.*`, `.*`, "backup", "full", "full", "--wait")
	w.expectCLI(0, idLine+`.*`, `.*`, "backup", "incremental", "inc", "--from", "full", "--wait")
	if err := writer.Stop(); err != nil {
		t.Fatal(err)
	}
	w.db.Exec(`CREATE DATABASE shop`, `CREATE TABLE shop.item (id INT PRIMARY KEY, name TEXT)`, `INSERT INTO shop.item VALUES (1, 'kept')`)
	want := mariadbtest.Fingerprint(t, w.db.DB())
	var before string
	if err := w.db.DB().QueryRow(`SELECT @@GLOBAL.gtid_binlog_pos`).Scan(&before); err != nil {
		t.Fatal(err)
	}
	w.db.Exec(`DROP TABLE shop.item`, `CREATE TABLE shop.later (id INT)`)
	// The manual's own commands, for this moment.
	plan, restore := manualRestores(t, before)
	w.expectCLI(0, `.*last kept +`+before+` .*shop.item.*first left out .*DROP TABLE.*`, ``, plan...)
	w.expectCLI(1, ``, `.*no backup can be brought to 2001-01-01T00:00:00Z: there is none from before it.*`,
		"restore", "--target", "folder", "--to", "2001-01-01T00:00:00Z", "--wait")
	w.db.Stop()
	w.loseData()
	w.expectCLI(0, idLine+`restore_database of inc succeeded in .*\n`, `.* → replay: .*replay → arrange: .*up to GTID `+before+`.*`,
		restore...)
	w.db.Start()
	if got := mariadbtest.Fingerprint(t, w.db.DB()); !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	w.db.Exec(`INSERT INTO shop.item VALUES (2, 'new')`)
	w.eventually("the archive begins a new epoch", func() bool {
		out, _, _ := w.cli("archive", "status")
		return regexp.MustCompile(`(?m)^ +2 .*a backup was restored into the data directory`).MatchString(out)
	})
	if out := w.expectCLI(0, `.* segments?, all whole\n`, ``, "archive", "verify"); strings.HasPrefix(out, "0") {
		t.Error(out)
	}
}

// manualRestores returns the commands that the manual gives to see what a restore to
// a moment would do, and to do it into the data directory, for another moment.
func manualRestores(t *testing.T, moment string) (plan, restore []string) {
	t.Helper()
	commands := regexp.MustCompile(`(?m)^dbcalm-db-cmd (restore .*--to) \S+ (--\w+)$`).FindAllStringSubmatch(manualPage(t, "undo"), -1)
	for _, c := range commands {
		args := append(strings.Fields(c[1]), moment, c[2])
		switch {
		case c[2] == "--plan":
			plan = args
		case strings.Contains(c[1], "--target database"):
			restore = args
		}
	}
	if plan == nil || restore == nil {
		t.Fatalf("the manual has %q", commands)
	}
	return plan, restore
}
