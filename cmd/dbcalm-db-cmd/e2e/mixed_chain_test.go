package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// TestChainsOfMixedForms restores chains whose links are stored in different
// forms, as they are after the configuration has changed, and compares every
// row.
func TestChainsOfMixedForms(t *testing.T) {
	t.Parallel()
	chains := testkit.Some(t, [][]string{
		{"directory", "zstd stream"},
		{"stream", "directory"},
		{"zstd stream", "gzip stream", "forwarded stream"},
		{"zstd directory", "gzip directory", "stream"},
		{"gzip stream", "zstd directory"},
		{"gzip directory", "forwarded stream"},
		{"forwarded stream", "forwarded stream", "zstd directory"},
	})
	w := newWorld(t, worldOptions{})
	w.configureForm("directory")
	w.start()
	// Of a page that is compressed by the server, only a part lies on the disk.
	w.db.Exec("CREATE DATABASE sparse", "CREATE TABLE sparse.pages (n INT PRIMARY KEY, text TEXT) ENGINE=InnoDB PAGE_COMPRESSED=1",
		"INSERT INTO sparse.pages SELECT seq, REPEAT('x', 5000) FROM sparse.seq_1_to_500", "CREATE DATABASE empty")
	var wants []map[string]string
	for link := range 3 {
		mariadbtest.FillTables(t, w.db.DB(), 3, 60)
		want := mariadbtest.Fingerprint(t, w.db.DB())
		wants = append(wants, want)
		used := ""
		for form := range forms {
			for n, chain := range chains {
				if link >= len(chain) || chain[link] != form {
					continue
				}
				if used != form {
					w.use(form)
					used = form
				}
				if id := fmt.Sprintf("%d-%d", n, link); link == 0 {
					w.succeeded(w.full(id))
				} else {
					w.succeeded(w.incremental(id, fmt.Sprintf("%d-%d", n, link-1)))
				}
				if left := entries(t, filepath.Join(w.backupDir, ".partial")); len(left) > 0 {
					t.Errorf("left of the work: %v", left)
				}
			}
		}
	}
	w.db.Stop()
	before := tree(t, w.backupDir)
	for n, chain := range chains {
		ids := make([]string, len(chain))
		for link := range chain {
			ids[link] = fmt.Sprintf("%d-%d", n, link)
		}
		v := w.succeeded(w.restore(api.TargetFolder, ids...))
		streams := strings.Count(strings.Join(chain, ", "), "stream")
		if got := strings.Count(w.story(v), "--> unpack "); got != streams {
			t.Errorf("%v: unpacked %d streams of %d:\n%s", chain, got, streams, w.story(v))
		}
		w.db.StartOn(filepath.Join(v.Args.TmpDir, ids[0]))
		w.holds(wants[len(chain)-1])
		w.db.Stop()
		if t.Failed() {
			t.Fatalf("%v", chain)
		}
	}
	if err := os.RemoveAll(filepath.Join(w.backupDir, "restores")); err != nil {
		t.Fatal(err)
	}
	unchanged(t, w.backupDir, before)
}

// TestStreamsGoIntoTheDataDirectory restores streams, stored and forwarded, into
// the data directory, with and without the incremental that stands on them.
func TestStreamsGoIntoTheDataDirectory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.configureForm("gzip stream")
	w.start()
	mariadbtest.FillTables(t, w.db.DB(), 3, 60)
	wants := []map[string]string{mariadbtest.Fingerprint(t, w.db.DB())}
	w.succeeded(w.full("full"))
	w.use("forwarded stream")
	mariadbtest.FillTables(t, w.db.DB(), 4, 30)
	wants = append(wants, mariadbtest.Fingerprint(t, w.db.DB()))
	w.succeeded(w.incremental("inc", "full"))
	w.db.Stop()
	for n, ids := range [][]string{{"full"}, {"full", "inc"}} {
		w.loseData()
		w.succeeded(w.restore(api.TargetDatabase, ids...))
		w.db.Start()
		w.holds(wants[n])
		w.db.Stop()
	}
	for _, name := range entries(t, filepath.Dir(w.db.DataDir)) {
		if strings.Contains(name, ".dbcalm-") {
			t.Errorf("stage left: %s", name)
		}
	}
}
