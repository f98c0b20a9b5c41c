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

// failedInValidate demands that an operation failed before a byte was written,
// with the reason in every place where people look.
func (w *world) failedInValidate(id string, words ...string) {
	w.t.Helper()
	v := w.failed(id, words...)
	var path []string
	for _, tr := range v.Transitions {
		path = append(path, tr.To)
	}
	if got := strings.Join(path, " "); got != "queued validate discard failed" {
		w.t.Errorf("states passed: %s", got)
	}
	if left := entries(w.t, w.backupDir); len(left) > 0 {
		w.t.Errorf("left in the store: %v", left)
	}
	w.toldEverywhere(v)
}

// toldEverywhere demands that a failure's error, which is one of many lines,
// is in the row that clients read, in operations show and in the log.
func (w *world) toldEverywhere(v api.OperationView) {
	w.t.Helper()
	status, failure, _ := w.newest(w.sqlite(), v.ID)
	if status != "failed" || failure != v.Error {
		w.t.Errorf("clients read %s: %s", status, failure)
	}
	shown, _, code := w.cli("operations", "show", v.ID)
	log, err := os.ReadFile(w.daemon.log)
	if code != 0 || err != nil {
		w.t.Errorf("operations show: exit code %d; log: %v", code, err)
	}
	for line := range strings.Lines(v.Error) {
		line = strings.TrimSpace(line)
		if !strings.Contains(shown, line) {
			w.t.Errorf("operations show does not say %q:\n%s", line, shown)
		}
		if !strings.Contains(string(log), strings.Trim(fmt.Sprintf("%q", line), `"`)) {
			w.t.Errorf("the log does not say %q", line)
		}
	}
}

// TestWrongPassword is refused at once: the server says no.
func TestWrongPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	text := fmt.Sprintf("[client-dbcalm]\nuser=%s\npassword=wrong\nsocket=%s\n", w.db.User, w.db.Socket)
	if err := os.WriteFile(w.db.CredentialsFile, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	w.start()
	answer := raw(t, w.socket, `{"cmd":"full_backup","args":{"id":"a"}}`)
	want := unavailable + `the server refused the login of the backup user '` + w.db.User + `': Access denied for user '` + w.db.User +
		`'@'localhost' (using password: YES): check user and password in the section [client-dbcalm], and that the account exists; ` +
		`if it demands REQUIRE X509, add ssl-cert and ssl-key, and ssl-ca"}`
	if answer != want {
		t.Errorf("\n got %s\nwant %s", answer, want)
	}
}

// TestMissingGrants fails before a byte is written, also for the grant that
// the tool would miss only after the whole copy.
func TestMissingGrants(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		options []mariadbtest.Option
		missing string
	}{
		{"binlog", []mariadbtest.Option{mariadbtest.WithBinlog(), mariadbtest.WithoutGrants("BINLOG MONITOR")}, "BINLOG MONITOR"},
		{"all", []mariadbtest.Option{mariadbtest.WithoutGrants("RELOAD", "PROCESS")}, "RELOAD, PROCESS"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, worldOptions{server: test.options})
			w.start()
			w.failedInValidate(w.full("full"), "the backup user '"+w.db.User+"' lacks the privilege "+test.missing,
				"run GRANT "+test.missing+" ON *.* TO its account")
			w.db.Exec(fmt.Sprintf("GRANT %s ON *.* TO '%s'@'localhost'", test.missing, w.db.User))
			w.succeeded(w.full("full"))
		})
	}
}

// TestBinlogWithItsGrant needs the grant only where there is a binary log.
func TestBinlogWithItsGrant(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{server: []mariadbtest.Option{mariadbtest.WithBinlog()}})
	w.start()
	w.succeeded(w.full("full"))
	w.succeeded(w.incremental("inc", "full"))
}

// TestToolThatDoesNotFit fails before a byte is written.
func TestToolThatDoesNotFit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	path := filepath.Join(w.dir, "tool")
	w.configure("backup_bin", path)
	w.start()
	w.failedInValidate(w.full("full"), "the backup tool "+path+" is not there", "install the package mariadb-backup, or correct backup_bin")
	says := func(banner string) {
		testkit.Program(t, path, "#!/bin/sh\necho '"+banner+"'\n")
	}
	says("mariabackup based on MariaDB server 11.4.2-MariaDB Linux (x86_64)")
	w.failedInValidate(w.full("full"), "mariabackup 11.4.2-MariaDB does not fit MariaDB 10.", "install mariadb-backup 10.",
		"from the same source as the server")
	says("xtrabackup version 8.0.35-31 based on MySQL server 8.0.35 Linux (x86_64)")
	w.failedInValidate(w.full("full"), "is xtrabackup 8.0.35-31, which cannot back up MariaDB")
	says("hello")
	w.failedInValidate(w.full("full"), `is neither mariabackup nor xtrabackup: "hello"; correct backup_bin`)
	testkit.Program(t, path, "#!/bin/sh\nexit 7\n")
	w.failedInValidate(w.full("full"), "ask "+path+" for its version", "exit status 7")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(realTool(t), path); err != nil {
		t.Fatal(err)
	}
	w.succeeded(w.full("full"))
}

// TestToolMissingFromPath fails with the packages' name, as does a restore.
func TestToolMissingFromPath(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.env = append(w.env, "PATH="+w.dir)
	w.start()
	w.failedInValidate(w.full("full"), "no mariadb-backup or mariabackup on PATH: install the package mariadb-backup, or set backup_bin")
}

// TestDataDirOfAnotherServer refuses to back up what could not be restored to
// the same place.
func TestDataDirOfAnotherServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	other := filepath.Join(w.dir, "other")
	if err := os.Mkdir(other, 0o700); err != nil {
		t.Fatal(err)
	}
	w.configure("data_dir", other)
	w.start()
	w.failedInValidate(w.full("full"), "the server's data directory is "+w.db.DataDir, "but data_dir says "+other)
}
