package e2e

import (
	"path/filepath"
	"testing"

	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// packedLinks makes a chain of three: a stream, a compressed directory and a
// stream that is forwarded.
func packedLinks(t *testing.T, w *world) {
	t.Helper()
	w.configureForm("zstd stream")
	w.start()
	mariadbtest.FillTables(t, w.db.DB(), 3, 100)
	w.succeeded(w.full("full"))
	for _, link := range [][3]string{{"inc1", "full", "gzip directory"}, {"inc2", "inc1", "forwarded stream"}} {
		w.use(link[2])
		mariadbtest.FillTables(t, w.db.DB(), 3, 50)
		w.succeeded(w.incremental(link[0], link[1]))
	}
}

// TestVerifyPackedLevels proves a chain of streams and compressed files at each
// level.
func TestVerifyPackedLevels(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	packedLinks(t, w)
	before := tree(t, w.backupDir)
	for _, test := range []struct{ level, states string }{
		{"files", "queued validate record done"},
		{"checksum", "queued validate check retrieve record done"},
		{"prepare", "queued validate stage unpack unpack prepare apply apply arrange clean record done"},
		{"boot", "queued validate stage unpack unpack prepare apply apply arrange examine clean record done"},
	} {
		v := w.succeeded(w.verify("inc2", test.level))
		if got := states(v); got != test.states {
			t.Errorf("level %s went through %s:\n%s", test.level, got, w.story(v))
		}
		w.proved("inc2", test.level)
		unchanged(t, w.backupDir, before)
	}
	w.proved("full", "checksum")
	w.nothingLeft("full", "inc1", "inc2")
}

// TestVerifyFindsDamageInStreams holds against a backup what is wrong with its
// stream, wherever that lies, and nothing that is wrong with the way to it.
func TestVerifyFindsDamageInStreams(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	packedLinks(t, w)
	w.retrieveBy("echo no route to host >&2; exit 255")
	for _, level := range []string{"checksum", "prepare"} {
		w.failed(w.verify("inc2", level), "backup 'inc2': retrieve failed with exit code 255", "no route to host")
		w.proved("inc2", "")
	}
	w.succeeded(w.verify("inc1", "checksum"))
	const cat = `cat "$VAULT/$DBCALM_FILE"`
	w.retrieveBy(cat + "; echo more")
	w.failed(w.verify("inc2", "checksum"), "retrieve ended well, but what it gave is not the stream that was forwarded")
	w.proved("inc2", "", "failed checksum on ", "retrieve ended well, but what it gave is not the stream that was forwarded")
	w.retrieveBy(cat)
	w.succeeded(w.verify("inc2", "prepare"))
	w.proved("inc2", "prepare")
	flip(t, w.streamFile("inc2"))
	flip(t, w.streamFile("full"))
	w.succeeded(w.verify("inc2", "files"))
	w.failed(w.verify("inc2", "checksum"),
		"backup 'full' is damaged: file backup-full.xbstream.zst is damaged: its checksum is not the recorded one")
	w.proved("full", "checksum", "failed checksum on ")
	w.proved("inc2", "prepare", "stands on 'full', which is damaged")
	flip(t, w.streamFile("full"))
	w.failed(w.verify("inc2", "boot"), "unpack backup 'inc2': retrieve ended well, but what it gave is not the stream that was forwarded")
	w.proved("inc2", "prepare", "failed checksum on ")
	w.nothingLeft("full", "inc1", "inc2")
	if left := entries(t, filepath.Join(w.stateDir, "jobs")); len(left) > 0 {
		t.Errorf("job folders left: %v", left)
	}
}
