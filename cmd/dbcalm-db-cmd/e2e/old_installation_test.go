package e2e

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/server"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// installOld puts into a world's folders what programs of the past left in those
// of theirs, on a MariaDB 10.11.19:
//
//	by-reference  DBCalm's reference daemon: what the tool wrote, and rows in the
//	              tables of the contract
//	on-reference  an incremental on that, of this program at commit 8183862
//	full, inc     a chain of the same, whose second link is a compressed stream
//
// The file store.tar.zst has backup_dir, and shared.sql is what sqlite3's .dump
// wrote of the SQLite file, which held the program's own tables, too. What differs
// from machine to machine is marked: @DIR@ is the world's folder, @UID@ and @BIRTH@
// are what tells the server's data directory from others. The day is made tomorrow,
// so that the files of the server are older than its backups, as they were then.
func (w *world) installOld(of server.Info) {
	w.t.Helper()
	const folder = "testdata/old-installation"
	text, err := os.ReadFile(filepath.Join(folder, "shared.sql"))
	if err != nil {
		w.t.Fatal(err)
	}
	marks := strings.NewReplacer("@DIR@", w.dir, "@UID@", of.UID, "@BIRTH@", of.DataBirth.Format(time.RFC3339Nano),
		"2026-11-27", time.Now().AddDate(0, 0, 1).UTC().Format(time.DateOnly))
	db := w.sqlite()
	if _, err := db.Exec(marks.Replace(string(text))); err != nil {
		w.t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		w.t.Fatal(err)
	}
	packed, err := os.Open(filepath.Join(folder, "store.tar.zst"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer packed.Close()
	plain, err := zstd.NewReader(packed)
	if err != nil {
		w.t.Fatal(err)
	}
	defer plain.Close()
	for files := tar.NewReader(plain); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			w.t.Fatal(err)
		}
		path := filepath.Join(w.backupDir, filepath.Clean("/"+header.Name))
		if header.Typeflag == tar.TypeDir {
			if err := os.MkdirAll(path, 0o750); err != nil {
				w.t.Fatal(err)
			}
			continue
		}
		content, err := io.ReadAll(files)
		if err == nil && filepath.Base(path) == "dbcalm.json" {
			content = []byte(marks.Replace(string(content)))
		}
		if err := errors.Join(err, os.WriteFile(path, content, 0o640)); err != nil {
			w.t.Fatal(err)
		}
	}
}

// TestOldInstallation lists, verifies, restores and extends the backups of
// programs of the past.
func TestOldInstallation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	srv := server.Server{DBType: server.MariaDB, CredentialsFile: w.db.CredentialsFile, DataDir: w.db.DataDir}
	conn, err := srv.Connect(w.ctx())
	if err != nil {
		t.Fatal(err)
	}
	info, err := conn.Info(w.ctx())
	conn.Close()
	if err != nil {
		t.Fatal(err)
	}
	w.db.Stop()
	w.installOld(info)
	w.start()
	stored := map[string]map[string]string{}
	for _, id := range []string{"by-reference", "on-reference", "full", "inc"} {
		stored[id] = tree(t, filepath.Join(w.backupDir, id))
	}

	table := w.expectCLI(0, `.*`, ``, "backups", "list")
	for _, line := range []string{`by-reference +full +directory .* 10\.11\.19-MariaDB +-`,
		`.* on-reference +incremental +directory .* 10\.11\.19-MariaDB +-`, `full +full +directory .* checksum \S+`,
		`.* inc +incremental +stream\+zstd .* checksum \S+`} {
		if !regexp.MustCompile(`(?m)^` + line + `$`).MatchString(table) {
			t.Errorf("the list has no line %q:\n%s", line, table)
		}
	}
	if got := w.recorded(); got != "by-reference on-reference<by-reference full inc<full" {
		t.Errorf("recorded are %s", got)
	}
	w.expectCLI(0, `Nothing to do: 4 backups recorded, and the store matches.\n`, ``, "backups", "rebuild")
	w.succeeded(w.verify("inc", "checksum"))
	w.failed(w.verify("on-reference", "checksum"), "backup 'by-reference' has no dbcalm.json",
		"an older program made it; verify at level prepare or boot")
	restored := w.succeeded(w.restore(api.TargetFolder, "full", "inc"))

	// The server goes on with that, in the data directory that the backups are of.
	w.loseData("ibdata1")
	folder := filepath.Join(restored.Args.TmpDir, "full")
	if out, err := exec.Command("cp", "-a", folder+"/.", w.db.DataDir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	w.db.Start()
	for query, want := range map[string]string{
		"SELECT CONCAT(COUNT(*), MAX(what)) FROM shop.orders WHERE id > 100": "3before the incremental",
		"SELECT GROUP_CONCAT(text ORDER BY id) FROM shop.notes":              "another",
	} {
		var got string
		if err := w.db.DB().QueryRow(query).Scan(&got); err != nil || got != want {
			t.Errorf("%s: got %q, %v; want %q", query, got, err, want)
		}
	}
	w.db.Exec("INSERT INTO shop.orders (what) VALUES ('today')", "INSERT INTO shop.notes VALUES (3, 'of today')")
	want := mariadbtest.Fingerprint(t, w.db.DB())
	w.succeeded(w.incremental("newer", "inc"))
	w.succeeded(w.incremental("newer-on-reference", "on-reference"))
	w.succeeded(w.verify("newer-on-reference", "boot"))
	w.db.Stop()
	w.loseData()
	w.succeeded(w.restore(api.TargetDatabase, "full", "inc", "newer"))
	w.db.Start()
	w.holds(want)
	for id, was := range stored {
		unchanged(t, filepath.Join(w.backupDir, id), was)
	}
	for _, id := range []string{"newer-on-reference", "on-reference", "by-reference"} {
		if err := w.client.DeleteBackup(w.ctx(), api.DeleteRequest{ID: id}); err != nil {
			t.Errorf("delete %s: %v", id, err)
		}
	}
	w.nothingLeft("full", "inc", "newer", "restores")
}
