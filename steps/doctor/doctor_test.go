package doctor

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/stream"
	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// marked writes a check as a line: +, - for wrong, ? for unknown, * for a note.
func marked(c steps.Check) string {
	mark := "-"
	switch {
	case c.OK && !c.Unknown && !c.Note:
		mark = "+"
	case c.Unknown && !c.OK:
		mark = "?"
	case c.Note && !c.OK:
		mark = "*"
	}
	return mark + " " + c.About + ": " + c.Detail
}

// finds reports whether a line begins and goes on so.
func finds(checks []steps.Check, begin, rest string) bool {
	for _, c := range checks {
		if line := marked(c); strings.HasPrefix(line, begin) && strings.Contains(line, rest) {
			return true
		}
	}
	return false
}

func lines(checks []steps.Check) string { return strings.Join(server.Each(checks, marked), "\n") }

// setup is what the doctor is told of a host's records.
func (h *testHost) setup() Setup {
	s := Setup{DatabasePath: filepath.Join(h.Jobs.StateDir, "db.sqlite3"), DaemonPID: os.Getpid()}
	for _, b := range h.Records.Backups {
		s.Records.Backups = append(s.Records.Backups, b)
	}
	return s
}

func TestDoctorFindsAllInOrder(t *testing.T) {
	t.Parallel()
	server := mariadbtest.Start(t, mariadbtest.WithBinlog())
	h := hostOf(t, server)
	server.Exec("GRANT SELECT ON *.* TO " + server.User + "@localhost")
	h.CountRows = steps.CountOn
	h.Backup("full", "", "0", "100", map[string]string{"ibdata1": "system"})
	h.Forward, h.Retrieve, h.Stream = "cat > /dev/null", "cat /dev/null", true
	before := fmt.Sprint(testkit.Tree(t, h.Dir))
	checks := Checks(t.Context(), h.Host, h.setup())
	var abouts []string
	for _, c := range checks {
		abouts = append(abouts, c.About)
		if !c.OK {
			t.Error(marked(c))
		}
	}
	want := "credentials, secrecy, server, database, data directory, privilege, privilege, privilege, count_rows, tool, tool's version, " +
		"unpacker, server_bin, backup_dir, state_dir, database_path, data_dir, room, retrieve, restore, " +
		"unrecorded, missing, leftovers"
	if got := strings.Join(abouts, ", "); got != want {
		t.Errorf("looked at\n%s\nwant\n%s", got, want)
	}
	if !finds(checks, "+ privilege: ", "BINLOG MONITOR") || !finds(checks, "+ data_dir: ", " of data") ||
		!finds(checks, "+ restore: to database, it goes into "+h.Server.DataDir, "") {
		t.Error(lines(checks))
	}
	if after := fmt.Sprint(testkit.Tree(t, h.Dir)); after != before {
		t.Error("something was written")
	}
}

func TestDoctorFindsWhatIsWrongWithTheServer(t *testing.T) {
	t.Parallel()
	mariadb := mariadbtest.Start(t)
	mariadb.Exec("CREATE USER poor@localhost IDENTIFIED BY 'p'", "GRANT PROCESS ON *.* TO poor@localhost")
	const unasked = "not looked at: the server does not answer the backup user"
	for name, test := range map[string]struct {
		spoil func(h *testHost)
		// want are the beginning and the rest of lines.
		want [][2]string
	}{
		"no credentials": {func(h *testHost) { h.Server.CredentialsFile = filepath.Join(h.Dir, "nowhere") },
			[][2]string{{"- credentials", "credentials file not found"}, {"? server", "not looked at: there is nothing to log in with"},
				{"? privileges", ""}, {"? tool's version", "not looked at"}, {"* server_bin", "is not known"}}},
		"no section": {func(h *testHost) {
			h.Server.CredentialsFile = filepath.Join(h.Dir, "other.cnf")
			h.Server.CredentialsFile = h.WriteCredentials("[client]\nuser=x\n")
		}, [][2]string{{"- credentials", "add it to"}}},
		"everybody reads": {func(h *testHost) {
			h.login(mariadb, mariadb.User, mariadb.Password)
			chmod(h.T, h.Server.CredentialsFile, 0o644)
		}, [][2]string{{"- secrecy", "every user of this machine may read the password in"},
			{"- secrecy", "(mode 0644): chmod 600 "}, {"+ server:", ""}}},
		"everybody writes": {func(h *testHost) {
			h.login(mariadb, mariadb.User, mariadb.Password)
			chmod(h.T, h.Server.CredentialsFile, 0o602)
		}, [][2]string{{"- credentials", "the tools ignore"}, {"- secrecy", "the tools ignore it: chmod 600 "}, {"? server", ""}}},
		"a login that is refused": {func(h *testHost) { h.login(mariadb, mariadb.User, "wrong") },
			[][2]string{{"- server", "the server refused the login"}, {"? database", unasked}, {"? data directory", unasked},
				{"? privileges", unasked}}},
		"no server": {func(h *testHost) {
			h.Server.CredentialsFile = filepath.Join(h.Dir, "down.cnf")
			h.Server.CredentialsFile = h.WriteCredentials("[client-dbcalm]\nuser=x\nsocket=" + filepath.Join(h.Dir, "none.sock") + "\n")
		}, [][2]string{{"- server", "start it, or correct socket or host"}, {"? privileges", unasked}, {"+ data_dir", "of data"}}},
		"another kind": {func(h *testHost) {
			h.Server.DBType, h.Tool.Bin = server.MySQL, h.Script("tool", "echo xtrabackup version 8.0.35-31 based on MySQL server 8.0.35\n")
		}, [][2]string{{"- database", "but db_type says mysql"}, {"? privileges", "the right server first"}}},
		"another data directory": {func(h *testHost) { h.Server.DataDir = h.Store.BackupDir },
			[][2]string{{"- data directory", "but data_dir says "}, {"? room", "the size of the data is not known"}}},
		"no right to count": {func(h *testHost) {
			h.login(mariadb, mariadb.User, mariadb.Password)
			h.CountRows = steps.CountChecksums
		},
			[][2]string{{"* count_rows", "lacks SELECT on all: run GRANT SELECT ON *.* TO '"}, {"+ privilege: RELOAD", ""}}},
		"one grant of two": {func(h *testHost) { h.login(mariadb, "poor", "p") },
			[][2]string{{"- privilege", "RELOAD is missing: run GRANT RELOAD ON *.* TO 'poor'@'localhost';"}, {"+ privilege: PROCESS", ""}}},
	} {
		t.Run(name, func(t *testing.T) {
			h := hostOf(t, mariadb)
			test.spoil(h)
			checks := Checks(t.Context(), h.Host, h.setup())
			for _, want := range test.want {
				if !finds(checks, want[0], want[1]) {
					t.Errorf("lacks %q with %q:\n%s", want[0], want[1], lines(checks))
				}
			}
		})
	}
}

func TestDoctorFindsWhatIsWrongWithTheHost(t *testing.T) {
	t.Parallel()
	testkit.NeedsServer(t)
	for name, test := range map[string]struct {
		spoil func(h *testHost, s *Setup)
		want  [][2]string
	}{
		"no tool": {func(h *testHost, _ *Setup) { h.Tool.Bin = filepath.Join(h.Dir, "nowhere") },
			[][2]string{{"- tool:", "install the package mariadb-backup"}}},
		"no unpacker": {func(h *testHost, _ *Setup) {
			h.Server.DBType, h.Stream = server.MySQL, true
			h.Tool.Bin = h.Script("tool", "echo xtrabackup version 8.0.35-31 based on MySQL server 8.0.35\n")
		}, [][2]string{{"- unpacker", "no xbstream beside"}}},
		"no server_bin": {func(h *testHost, _ *Setup) { h.ServerBin = filepath.Join(h.Dir, "nowhere") },
			[][2]string{{"* server_bin", "only backups verify --level boot needs it"}}},
		"no data": {func(h *testHost, _ *Setup) { h.Server.DataDir = filepath.Join(h.Dir, "nowhere") },
			[][2]string{{"- data_dir", "is not there: correct data_dir"}, {"? room", ""}, {"? restore", "see data_dir"}}},
		"no store yet": {func(h *testHost, _ *Setup) { remove(h.T, h.Store.BackupDir) },
			[][2]string{{"+ backup_dir", "is not there yet"}, {"+ unrecorded", ""}, {"+ leftovers", ""}}},
		"store is away": {func(h *testHost, s *Setup) { remove(h.T, h.Store.BackupDir); s.Records.Backups = recordOf("a") },
			[][2]string{{"- backup_dir", "is its disk mounted?"}, {"- missing", "1 of 1"}}},
		"store is a file": {func(h *testHost, _ *Setup) {
			remove(h.T, h.Store.BackupDir)
			testkit.Write(h.T, h.Dir, map[string]string{"backups": ""})
		}, [][2]string{{"- backup_dir", "is no folder"}}},
		"state is a file": {func(h *testHost, _ *Setup) {
			remove(h.T, h.Jobs.StateDir)
			testkit.Write(h.T, h.Dir, map[string]string{"state": ""})
		}, [][2]string{{"- state_dir", "is no folder"}, {"- database_path", "is no folder"}}},
		"wrong keys": {func(_ *testHost, s *Setup) {
			s.Wrong = map[string]bool{"backup_dir": true, "data_dir": true, "db_type": true, "state_dir": true, "backup_credentials_file": true}
		}, [][2]string{{"? backup_dir", "the configuration gives no backup_dir"}, {"? data_dir", ""}, {"? tool", "no db_type"},
			{"? state_dir", ""}, {"? credentials", ""}, {"? server", "configuration"}}},
		"not retrieved": {func(h *testHost, _ *Setup) { h.Stream, h.Forward = true, "cat" },
			[][2]string{{"* retrieve", "set retrieve in the configuration"}}},
		"split layout": {func(h *testHost, _ *Setup) {
			testkit.Write(h.T, h.Dir, map[string]string{"my.cnf": "[mysqld]\ninnodb-undo-directory=/elsewhere\n"})
			h.Server.DefaultsFile = filepath.Join(h.Dir, "my.cnf")
		}, [][2]string{{"* restore", "restore to a folder"}}},
		"forwarded before": {func(h *testHost, s *Setup) {
			m := h.Backup("away", "", "0", "100", nil)
			m.Stream = &store.ManifestStream{File: "backup-away.xbstream", Forwarded: true, Stored: stream.Stored{SHA256: strings.Repeat("0", 64)}}
			h.PutManifest(h.Store.Folder("away"), m)
			s.Records.Backups = recordOf("away")
		}, [][2]string{{"* retrieve", "backup 'away' was forwarded"}, {"+ unpacker", "mbstream"}}},
		"unrecorded": {func(h *testHost, _ *Setup) { h.Backup("lost", "", "0", "100", nil) },
			[][2]string{{"- unrecorded", "the store holds 1 that no record names: dbcalm-db-cmd backups rebuild"}}},
		"no manifest": {func(h *testHost, _ *Setup) { testkit.Write(h.T, h.Store.Folder("x"), map[string]string{"y": ""}) },
			[][2]string{{"+ unrecorded", ""}}},
		"being recorded": {func(h *testHost, s *Setup) {
			h.Backup("new", "", "0", "100", nil)
			s.Records.Used = map[string]bool{"new": true}
		}, [][2]string{{"+ unrecorded", ""}}},
		"no folder": {func(h *testHost, s *Setup) {
			h.Backup("here", "", "0", "100", nil)
			s.Records.Backups = recordOf("here", "gone", "going")
			s.Records.Used = map[string]bool{"going": true}
		}, [][2]string{{"- missing", "1 of 3 backups that are recorded have no folder"}, {"+ unrecorded", ""}, {"+ backup_dir", ""}}},
		"leftovers": {func(h *testHost, s *Setup) {
			testkit.Write(h.T, h.Store.PartialDir(), map[string]string{"over-1/x": "", "busy-1/x": ""})
			s.Records.Open = map[string]bool{"busy": true}
		}, [][2]string{{"- leftovers", "1 in "}, {"- leftovers", "backups rebuild names them, and with --prune removes them"}}},
		"unread records": {func(h *testHost, s *Setup) { h.Backup("lost", "", "0", "100", nil); s.Unread = os.ErrInvalid },
			[][2]string{{"? unrecorded", "the records cannot be read"}, {"? missing", ""}, {"? leftovers", ""}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t)
			h.Tool.Bin = h.Script("tool", "echo mariabackup based on MariaDB server 10.11.19-MariaDB\n")
			s := h.setup()
			test.spoil(h, &s)
			checks := Checks(t.Context(), h.Host, s)
			for _, want := range test.want {
				if !finds(checks, want[0], want[1]) {
					t.Errorf("lacks %q with %q:\n%s", want[0], want[1], lines(checks))
				}
			}
		})
	}
}

func recordOf(ids ...string) []persistence.Backup {
	return server.Each(ids, func(id string) persistence.Backup { return persistence.Backup{ID: id} })
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}
