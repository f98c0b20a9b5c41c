package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/store"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// reseal makes a backup's manifest say of one file what the file now is.
func reseal(t testing.TB, backup, file string) {
	t.Helper()
	m, err := store.ReadManifest(backup)
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(backup, file))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	for i := range m.Files {
		if m.Files[i].Path == file {
			m.Files[i].Size, m.Files[i].SHA256 = int64(len(content)), hex.EncodeToString(sum[:])
		}
	}
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(backup, store.ManifestName), text, 0o640); err != nil {
		t.Fatal(err)
	}
}

// keep returns what puts a file back as it is now.
func keep(t testing.TB, path string) (putBack func()) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := os.WriteFile(path, content, 0o640); err != nil {
			t.Fatal(err)
		}
	}
}

// unsound runs a verification that must find damage, and checks that it is
// told and held against the right backup.
func (w *world) unsound(id, level, damaged string, words ...string) {
	w.t.Helper()
	v := w.failed(w.verify(id, level), words...)
	w.toldEverywhere(v)
	w.proved(damaged, string(levelOf(w.backup(damaged))), append([]string{"failed "}, words...)...)
	if list := entries(w.t, filepath.Join(w.backupDir, ".partial")); len(list) > 0 {
		w.t.Errorf("left of the verification: %v", list)
	}
}

func levelOf(b api.BackupView) api.Level {
	if b.Verified == nil {
		return ""
	}
	return b.Verified.Level
}

// TestVerifyFindsDamage damages a chain in different ways: each is found at the
// level that looks for it and at none below, the file is named, and the damage
// is held against its backup until that passes again.
func TestVerifyFindsDamage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	mariadbtest.FillTables(t, w.db.DB(), 3, 100)
	w.start()
	w.succeeded(w.full("full"))
	mariadbtest.FillTables(t, w.db.DB(), 3, 10)
	w.succeeded(w.incremental("inc", "full"))
	mended := func() {
		t.Helper()
		w.succeeded(w.verify("inc", "checksum"))
		w.proved("full", "checksum")
		w.proved("inc", "checksum")
	}
	inc := filepath.Join(w.backupDir, "inc")
	path := tableFile(t, inc)
	putBack := keep(t, path)
	name := damage(t, inc)
	w.succeeded(w.verify("inc", "files"))
	for _, level := range []string{"checksum", "prepare", "boot"} {
		w.unsound("inc", level, "inc", "backup 'inc' is damaged: file "+name, "its checksum is not the recorded one", "use another chain")
	}
	w.succeeded(w.verify("inc", "files"))
	w.proved("inc", "files", "failed checksum on ", "its checksum is not the recorded one")
	w.succeeded(w.verify("full", "checksum"))
	w.proved("full", "checksum")
	putBack()
	mended()

	if err := os.Truncate(path, 1); err != nil {
		t.Fatal(err)
	}
	for _, level := range []string{"files", "checksum", "boot"} {
		w.unsound("inc", level, "inc", "backup 'inc' is damaged: file "+name+" has 1 bytes instead of ")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	w.unsound("inc", "files", "inc", "backup 'inc' is damaged: file "+name+" is missing")
	putBack()
	mended()

	// What is below it in the chain is verified with it.
	full := filepath.Join(w.backupDir, "full")
	putBack = keep(t, tableFile(t, full))
	name = damage(t, full)
	w.unsound("inc", "checksum", "full", "backup 'full' is damaged: file "+name)
	w.proved("inc", "checksum", "stands on 'full', which is damaged")
	putBack()
	mended()

	manifest := filepath.Join(full, store.ManifestName)
	putBack = keep(t, manifest)
	if err := os.Truncate(manifest, 1000); err != nil {
		t.Fatal(err)
	}
	w.unsound("inc", "files", "full", "backup 'full' is damaged: read manifest of "+full)
	putBack()
	mended()

	aside := filepath.Join(w.dir, "aside")
	if err := os.Rename(full, aside); err != nil {
		t.Fatal(err)
	}
	w.failed(w.verify("inc", "files"), "the folder of backup 'full' cannot be read", "take a full backup")
	w.proved("full", "", "its folder "+full+" is missing")
	if err := os.Rename(aside, full); err != nil {
		t.Fatal(err)
	}
	mended()

	// A restore meets damage, too.
	putBack = keep(t, tableFile(t, inc))
	name = damage(t, inc)
	w.failed(w.restore(api.TargetFolder, "full", "inc"), "file "+name)
	w.proved("inc", "checksum", "failed checksum on ", "file "+name)
	putBack()
	mended()
	w.nothingLeft("full", "inc")
}

// TestVerifyLooksIntoTables spoils files of a backup and its manifest alike, as
// a disk does that fails before the backup is hashed: only a server that runs
// on them finds that.
func TestVerifyLooksIntoTables(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	mariadbtest.FillTables(t, w.db.DB(), 3, 2000)
	// From now on its tables are no new ones to the tool.
	w.db.Stop()
	w.db.Start()
	w.start()
	w.succeeded(w.full("full"))
	w.succeeded(w.incremental("inc", "full"))
	for _, test := range []struct {
		backup, file string
		spoil        func(content []byte) []byte
		// finds is the least level that finds it, below the next lower one, which does
		// all that those below it do.
		finds, below string
		words        []string
	}{
		{"full", "fill/t000.ibd", func(c []byte) []byte { c[16384*8+4000] ^= 0xff; return c }, "boot", "prepare", []string{"fill.t000: "}},
		{"inc", "fill/t001.MYD", func(c []byte) []byte { return c[:len(c)/2] }, "boot", "prepare", []string{"fill.t001: "}},
		{"inc", "fill/t000.frm", func(c []byte) []byte { clear(c[:64]); return c }, "boot", "prepare", []string{"fill.t000: "}},
		{"full", "ibdata1", func(c []byte) []byte { clear(c[:len(c)/2]); return c }, "prepare", "checksum",
			[]string{"preparing backup 'full'", "use another chain"}},
	} {
		t.Run(filepath.Base(test.file), func(t *testing.T) {
			w := *w
			w.t = t
			backup := filepath.Join(w.backupDir, test.backup)
			path := filepath.Join(backup, test.file)
			putBack, manifest := keep(t, path), keep(t, filepath.Join(backup, store.ManifestName))
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, test.spoil(content), 0o640); err != nil {
				t.Fatal(err)
			}
			reseal(t, backup, test.file)
			w.forgetManifests()
			w.succeeded(w.verify("inc", test.below))
			w.unsound("inc", "boot", "inc", test.words...)
			w.proved("inc", string(levelOf(w.backup("inc"))), "failed "+test.finds+" on ")
			putBack()
			manifest()
			w.forgetManifests()
			w.nothingLeft("full", "inc")
		})
	}
	w.succeeded(w.verify("inc", "boot"))
	w.proved("inc", "boot")
	w.nothingLeft("full", "inc")
}
