package boot

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"dbcalm-db-cmd/steps/counts"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
	storetest "dbcalm-db-cmd/steps/testkit/store"
)

// comparedBackup is a backup with figures of tables a to f of shop.
func comparedBackup(t *testing.T, version string) Examination {
	t.Helper()
	sum := uint64(77)
	figures := counts.Figures{Version: version, Left: map[counts.Reason]int{counts.Changed: 2}}
	for _, name := range []string{"broken", "differs", "gone", "outside", "refused", "same", "spoilt", "summed"} {
		figures.Tables = append(figures.Tables, counts.Figure{Schema: "shop", Name: name, Rows: 6, Checksum: &sum})
	}
	h := storetest.New(t)
	m := h.Backup("full", "", "0", "100", map[string]string{"ibdata1": ""})
	path := filepath.Join(h.Backups.Folder("full"), counts.FileName)
	h.Must(figures.Keep(path))
	text, err := os.ReadFile(path)
	h.Must(err)
	m.Files = append(m.Files, store.ManifestFile{Path: counts.FileName, Size: int64(len(text)), SHA256: store.ManifestSum(text)})
	h.PutManifest(h.Backups.Folder("full"), m)
	return Examination{Backup: h.Backups.Folder("full"), Parallel: 2}
}

// Tables differ by their rows, their checksums, or since they cannot be read; those
// that were broken, may lie outside or cannot be used are not compared.
func TestFiguresAreCompared(t *testing.T) {
	t.Parallel()
	answers := map[string]any{"SELECT @@version": []string{"10.11.19-MariaDB"}}
	for name, rows := range map[string]string{"differs": "0", "same": "6", "summed": "6"} {
		answers["SELECT count(*) FROM `shop`.`"+name+"`"] = []string{rows}
	}
	answers["SELECT count(*) FROM `shop`.`refused`"] = &mysql.MySQLError{Number: 1, Message: "no\nluck"}
	answers["CHECKSUM TABLE `shop`.`same` EXTENDED"] = [][]string{{"shop.same", "77"}}
	answers["CHECKSUM TABLE `shop`.`summed` EXTENDED"] = [][]string{{"shop.summed", "78"}}
	named := func(names ...string) map[tableName]string {
		of := map[tableName]string{}
		for _, name := range names {
			of[tableName{"shop", name}] = "for a reason"
		}
		return of
	}
	for version, test := range map[string]struct {
		damaged []string
		says    string
	}{
		"10.11.4-MariaDB": {[]string{"shop.summed: its checksum was 77 when the backup was made, and what came back has 78"},
			"rows of 1 of 6 tables, checksums of 1"},
		"10.6.4-MariaDB": {nil, "rows of 2 of 7 tables, no checksums, since the server was one of 10.6"},
	} {
		s := &bootedServer{db: testkit.Recorded(t, answers)}
		checks := tableChecks{known: map[tableName]bool{}, spoilt: map[tableName]bool{{"shop", "spoilt"}: true}}
		for _, name := range []string{"broken", "differs", "outside", "refused", "same", "spoilt", "summed"} {
			checks.known[tableName{"shop", name}] = true
		}
		e := comparedBackup(t, version)
		says, err := e.compareFigures(t.Context(), s, &checks, named("broken"), named("outside"))
		want := append([]string{"shop.differs: 6 rows were counted when the backup was made, 0 came back",
			"shop.gone: 6 rows were counted when the backup was made, and the table is not there", "shop.refused: no luck"}, test.damaged...)
		if err != nil || !slices.Equal(checks.damaged, want) {
			t.Errorf("%s: damaged are %q, %v; want %q", version, checks.damaged, err, want)
		}
		if !strings.HasPrefix(says, test.says+" (without 2 changed meanwhile, 1 broken on the server already, "+
			"2 of which the started server could not say whether they are sound)") {
			t.Errorf("%s: it says %q", version, says)
		}
	}
}

// A backup without figures says nothing of them; one for which nothing could be
// counted says why.
func TestNoFigures(t *testing.T) {
	t.Parallel()
	h := storetest.New(t)
	h.Backup("full", "", "0", "100", map[string]string{"ibdata1": ""})
	for _, e := range []Examination{{}, {Backup: h.Backups.Folder("full")}} {
		var checks tableChecks
		if says, err := e.compareFigures(t.Context(), nil, &checks, nil, nil); says != "" || err != nil || len(checks.damaged) > 0 {
			t.Errorf("it says %q, %v", says, err)
		}
	}
	e := comparedBackup(t, "10.11.4-MariaDB")
	path := filepath.Join(e.Backup, counts.FileName)
	text, err := json.Marshal(counts.Figures{Failed: "it was away"})
	h.Must(err)
	h.Must(os.WriteFile(path, text, 0o600))
	var checks tableChecks
	if says, err := e.compareFigures(t.Context(), nil, &checks, nil, nil); says != "" || err != nil ||
		!slices.Equal(checks.damaged, []string{"file dbcalm-counts.json: its checksum is not the recorded one"}) {
		t.Errorf("it says %q, %v, %q", says, err, checks.damaged)
	}
	m, err := store.ReadManifest(e.Backup)
	h.Must(err)
	m.Files[len(m.Files)-1].SHA256 = store.ManifestSum(text)
	h.PutManifest(e.Backup, m)
	checks = tableChecks{}
	if says, err := e.compareFigures(t.Context(), nil, &checks, nil, nil); says != "no rows were counted: it was away" || err != nil {
		t.Errorf("it says %q, %v", says, err)
	}
	h.Must(os.Remove(path))
	_, err = e.compareFigures(t.Context(), nil, &checks, nil, nil)
	testkit.Says(t, err, "read the figures of the tables: ")
}
