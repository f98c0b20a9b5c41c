package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/store"
)

// rewrite changes the manifest of a stored backup, with the fields that this
// program knows.
func (w *world) rewrite(id string, change func(*store.Manifest)) {
	w.t.Helper()
	folder := filepath.Join(w.backupDir, id)
	m, err := store.ReadManifest(folder)
	if err != nil {
		w.t.Fatal(err)
	}
	change(m)
	text, err := json.Marshal(m)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, store.ManifestName), text, 0o640); err != nil {
		w.t.Fatal(err)
	}
}

// forgetManifests makes the backups those of before the ledger remembered their
// manifests: what is wrong with these is then found by what they say.
func (w *world) forgetManifests() {
	w.t.Helper()
	ledger := w.ledger()
	defer ledger.Close()
	if _, err := ledger.ExecContext(w.ctx(), `UPDATE backup SET manifest_sha256 = ''`); err != nil {
		w.t.Fatal(err)
	}
}

// swap exchanges the folders of two stored backups.
func (w *world) swap(a, b string) {
	w.t.Helper()
	a, b, aside := filepath.Join(w.backupDir, a), filepath.Join(w.backupDir, b), filepath.Join(w.dir, "aside")
	for _, step := range [][2]string{{a, aside}, {b, a}, {aside, b}} {
		if err := os.Rename(step[0], step[1]); err != nil {
			w.t.Fatal(err)
		}
	}
}

// TestWrongChains asks for chains in every wrong way: each is refused with the
// command that is right. On an idle server the links' LSNs are all the same,
// and give nothing away.
func TestWrongChains(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.start()
	w.succeeded(w.full("full"))
	w.succeeded(w.incremental("inc1", "full"))
	w.succeeded(w.incremental("inc2", "inc1"))
	w.succeeded(w.full("other"))
	w.succeeded(w.incremental("other-inc", "other"))
	byItself := func(id, list string) string {
		return "id_list is no chain in order: backup '" + id + "' is restored by dbcalm-db-cmd restore " + id +
			" --target folder, on the socket by the id_list " + list
	}
	for name, test := range map[string]struct {
		ids  []string
		want string
	}{
		"wrong order":     {[]string{"full", "inc2", "inc1"}, byItself("inc1", `["full","inc1"]`)},
		"back to front":   {[]string{"inc1", "full"}, byItself("full", `["full"]`)},
		"a missing link":  {[]string{"full", "inc2"}, byItself("inc2", `["full","inc1","inc2"]`)},
		"no full one":     {[]string{"inc1", "inc2"}, byItself("inc2", `["full","inc1","inc2"]`)},
		"a foreign link":  {[]string{"other", "inc1"}, byItself("inc1", `["full","inc1"]`)},
		"a foreign end":   {[]string{"full", "inc1", "other-inc"}, byItself("other-inc", `["other","other-inc"]`)},
		"two full ones":   {[]string{"full", "other"}, byItself("other", `["other"]`)},
		"an id twice":     {[]string{"full", "full"}, byItself("full", `["full"]`)},
		"an id too often": {[]string{"full", "inc1", "inc1", "inc2"}, byItself("inc2", `["full","inc1","inc2"]`)},
	} {
		refused(t, w.refusal(api.TargetFolder, test.ids...), 400, test.want)
		if t.Failed() {
			t.Fatal(name)
		}
	}
	refused(t, w.refusal(api.TargetFolder, "full", "typo", "inc2"), 404,
		"Backup with id 'typo' not found; backup 'inc2' is restored by dbcalm-db-cmd restore inc2 --target folder")
	w.asAPIServer(w.sqlite(), `PRAGMA foreign_keys = off`, `DELETE FROM backup WHERE id = 'inc1'`)
	const lost = "its folder is there, its record is lost: dbcalm-db-cmd backups rebuild records it again"
	refused(t, w.refusal(api.TargetFolder, "full", "inc2"), 400,
		"backup 'inc2' cannot be restored: it stands on 'inc1', which is not recorded; "+lost)
	refused(t, w.refusal(api.TargetFolder, "full", "inc1", "inc2"), 404, "Backup with id 'inc1' not found: "+lost)
	_, err := w.client.IncrementalBackup(w.ctx(), api.BackupRequest{ID: "new", FromBackupID: "inc1"})
	refused(t, err, 404, "Base backup with id 'inc1' not found: "+lost)
	_, err = w.client.FullBackup(w.ctx(), api.BackupRequest{ID: "inc1"})
	refused(t, err, 409, "Backup with id 'inc1' already exists", "dbcalm-db-cmd backups rebuild records it again")
}

// TestForeignLinks puts links of other chains in the place of right ones, so
// that the records say nothing of it: a restore fails with the command for what
// is left, and an incremental on them is not taken.
func TestForeignLinks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.start()
	w.succeeded(w.full("full"))
	w.succeeded(w.incremental("inc", "full"))
	w.succeeded(w.full("other"))
	w.forgetManifests()
	const upToFull = "; the chain is whole up to 'full': dbcalm-db-cmd restore full --target folder"
	fails := func(words ...string) {
		t.Helper()
		w.failed(w.restore(api.TargetFolder, "full", "inc"), append(words, upToFull)...)
		w.failed(w.verify("inc", "checksum"), append(words, "take a full backup")...)
		_, err := w.client.IncrementalBackup(w.ctx(), api.BackupRequest{ID: "on-it", FromBackupID: "inc"})
		refused(t, err, 409, "backup 'inc' is known to be damaged", "take a full backup")
	}

	// The parent's id names another backup now, of the same LSNs.
	w.swap("full", "other")
	w.rewrite("full", func(m *store.Manifest) { m.ID = "full" })
	fails("backup 'inc' stands on a backup 'full' that operation ", " made, and the one that is there was made by operation ",
		": it is another of the same id")
	w.rewrite("full", func(m *store.Manifest) { m.ID = "other" })
	w.swap("full", "other")

	var was store.Manifest
	w.rewrite("inc", func(m *store.Manifest) {
		was = *m
		m.Server.UID, m.Server.DataBirth = "another-server", time.Time{}
	})
	fails("backup 'inc' is of server another-server, but 'full' is of server " + was.Server.UID + ": they are no chain")
	w.rewrite("inc", func(m *store.Manifest) { *m, m.ParentID = was, "other" })
	fails("the folder of backup 'inc' holds backup 'inc' on 'other'; the record says it stands on 'full'")
	w.rewrite("inc", func(m *store.Manifest) { *m = was })
	w.succeeded(w.restore(api.TargetFolder, "full", "inc"))
	w.succeeded(w.verify("inc", "checksum"))
	w.succeeded(w.incremental("on-it", "inc"))
}
