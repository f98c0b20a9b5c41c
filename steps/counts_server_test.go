package steps

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/counts"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// countingBench is a bench whose server has a table of 6,000 rows that nobody
// changes, and whose backup user may read it.
func countingBench(t *testing.T) *kitBench {
	t.Helper()
	k := kits(t)[0]
	k.server = append(k.server, mariadbtest.WithArgs("--table-definition-cache=2000"))
	b := newKitBench(t, k)
	b.db.Exec("CREATE DATABASE shop", "CREATE TABLE shop.orders (id INT PRIMARY KEY, v INT) ENGINE=InnoDB",
		"CREATE TABLE shop.notes (id INT PRIMARY KEY) ENGINE=InnoDB")
	b.db.Stop()
	b.before(t, "orders")
	b.db.Start()
	b.db.Exec("INSERT INTO shop.orders SELECT seq, seq FROM shop.seq_1_to_6000",
		"CREATE TABLE shop.busy (id INT PRIMARY KEY AUTO_INCREMENT) ENGINE=InnoDB",
		fmt.Sprintf("GRANT SELECT ON *.* TO %s@localhost", b.db.User))
	b.db.Stop()
	b.db.Start()
	b.CountRows = CountChecksums
	return b
}

// proveAtBoot verifies a chain at level boot and returns what the verdict says.
func (b *kitBench) proveAtBoot(operation string, ids ...string) (string, error) {
	b.T.Helper()
	task := b.verifyTask(persistence.LevelBoot, ids...)
	task.Operation = operation
	names := []string{"validate_verify", "stage_scratch"}
	if b.Stream {
		names = append(names, "unpack_link")
	}
	names = append(names, "prepare_full")
	if len(ids) > 1 {
		names = append(names, "apply_link")
	}
	task, err := b.perform(task, append(names, "prove_tables", "examine_tables", "clean_scratch")...)
	if err != nil {
		return "", err
	}
	out, err := b.verifications().recordVerify(b.T.Context(), task)
	return out.Reason, err
}

// Whatever form a backup is stored in, a verification tells how many tables have
// the rows that the server had, and a restore brings nothing of the figures along.
func TestRowsAreComparedInEveryForm(t *testing.T) {
	t.Parallel()
	b := countingBench(t)
	for form, set := range storedForms {
		b.Stream, b.Compression = false, ""
		set(b.testHost)
		b.Must(b.take(form, ""))
		said, err := b.proveAtBoot("verify-"+form, form)
		if err != nil || !strings.HasSuffix(said, "; compared with the server: rows of 3 of 3 tables, checksums of 3") {
			t.Errorf("%s: %q, %v", form, said, err)
		}
		m, err := store.ReadManifest(b.Store.Folder(form))
		b.Must(err)
		if !slices.ContainsFunc(m.Files, func(f store.ManifestFile) bool { return f.Path == counts.FileName }) {
			t.Errorf("%s: the manifest does not list the figures", form)
		}
		restored, err := b.restore("folder", form)
		b.Must(err)
		if _, err := os.Lstat(filepath.Join(restored, counts.FileName)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: the figures are restored: %v", form, err)
		}
	}
}

// Nothing is counted where nobody asks for it, or where an older program has begun
// the operation, whose machine has no state for that.
func TestNothingIsCountedUnasked(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	for _, test := range []struct {
		setting CountRows
		events  []string
		counts  bool
	}{
		{CountOff, []string{EventCount}, false}, {"", []string{EventCount}, false}, {CountOn, []string{EventStream}, false},
		{CountOn, []string{EventStream, EventCount}, true}, {CountChecksums, []string{EventCount}, true},
	} {
		h.CountRows = test.setting
		if got := h.chooseCount(Task{Events: test.events}); got.On() != test.counts {
			t.Errorf("%q with %v: %q", test.setting, test.events, got)
		}
	}
	// It would be seen by an error: there is no server.
	if err := h.backups().observeTables(t.Context(), Task{}); err != nil {
		t.Error(err)
	}
}

// before keeps a table of shop as the stopped server has it.
func (b *kitBench) before(t *testing.T, table string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(b.db.DataDir, "shop", table+".ibd"))
	b.Must(err)
	testkit.Write(t, b.Dir, map[string]string{table + ".ibd": string(text)})
}

// loseRows puts a table of a stored backup back to what it was before, and lets the
// manifest say that it was so from the start: what a tool leaves that has skipped
// pages.
func (b *kitBench) loseRows(id, table string) {
	b.T.Helper()
	text, err := os.ReadFile(filepath.Join(b.Dir, table+".ibd"))
	b.Must(err)
	b.Must(os.WriteFile(filepath.Join(b.Store.Folder(id), "shop", table+".ibd"), text, 0o640))
	b.record(id, "shop/"+table+".ibd")
}

// record lets the manifest of a backup say of a file what it is now.
func (b *kitBench) record(id, file string) {
	b.T.Helper()
	folder := b.Store.Folder(id)
	text, err := os.ReadFile(filepath.Join(folder, file))
	b.Must(err)
	m, err := store.ReadManifest(folder)
	b.Must(err)
	sum := sha256.Sum256(text)
	for i := range m.Files {
		if m.Files[i].Path == file {
			m.Files[i].Size, m.Files[i].SHA256 = int64(len(text)), hex.EncodeToString(sum[:])
		}
	}
	text, err = json.MarshalIndent(m, "", " ")
	b.Must(err)
	b.Must(os.WriteFile(filepath.Join(folder, store.ManifestName), text, 0o640))
	row := b.Records.Backups[id]
	row.ManifestSHA256 = store.ManifestSum(text)
	b.Records.Backups[id] = row
}

// A chain of which a link has lost rows, with all that the tool and CHECK TABLE say
// of it being well, is damaged, and the table is named; a table under a writer is
// not compared, and fails no verification.
func TestLostRowsAreFound(t *testing.T) {
	t.Parallel()
	b := countingBench(t)
	b.CountRows = CountOn
	w := mariadbtest.StartWriter(t, b.db.DB())
	b.db.Exec("INSERT INTO shop.busy VALUES ()")
	b.Must(b.take("full", ""))
	b.db.Exec("INSERT INTO shop.busy VALUES ()")
	b.Must(b.take("inc", "full"))
	w.Stop()
	said, err := b.proveAtBoot("sound", "full", "inc")
	if err != nil || !strings.Contains(said, "; compared with the server: rows of 2 of ") || !strings.Contains(said, " changed ") {
		t.Errorf("%q, %v", said, err)
	}
	// The rows of a table are in no page that the incremental holds.
	b.loseRows("full", "orders")
	_, err = b.proveAtBoot("lost", "full", "inc")
	testkit.Says(t, err, "backup 'inc' is damaged: on a server started on it, "+
		"shop.orders: 6000 rows were counted when the backup was made, 0 came back; use another chain, or take a full backup")
	if damage, found := errors.AsType[*store.Damage](err); !found {
		t.Errorf("it is no damage: %v", damage)
	}

	// Figures that were changed are none.
	b.Must(b.take("other", ""))
	path := filepath.Join(b.Store.Folder("other"), counts.FileName)
	text, err := os.ReadFile(path)
	b.Must(err)
	b.Must(os.WriteFile(path, []byte(strings.Replace(string(text), "6000", "6001", 1)), 0o640))
	_, err = b.proveAtBoot("forged", "other")
	testkit.Says(t, err, "file "+counts.FileName+": its checksum is not the recorded one")
	b.record("other", counts.FileName)
	_, err = b.proveAtBoot("recorded", "other")
	testkit.Says(t, err, "shop.orders: 6001 rows were counted when the backup was made, 6000 came back")
}
