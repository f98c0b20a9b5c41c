package server

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"

	"golang.org/x/sys/unix"
)

func TestDataDirMustBeAnEmptyFolder(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare func(dir string) error
		kind    error
		want    string
	}{
		"empty":      {func(string) error { return nil }, nil, ""},
		"lost+found": {func(dir string) error { return os.Mkdir(filepath.Join(dir, "lost+found"), 0o700) }, nil, ""},
		"missing":    {os.Remove, ErrDataDir, "does not exist: create it, owned by the user the server runs as"},
		"a file": {func(dir string) error { return errors.Join(os.Remove(dir), os.WriteFile(dir, nil, 0o600)) },
			ErrDataDir, "is not a folder"},
		"a loop": {func(dir string) error { return errors.Join(os.Remove(dir), os.Symlink(dir, dir)) }, ErrDataDir,
			"cannot restore to database"},
		"a file in it": {func(dir string) error { return os.WriteFile(filepath.Join(dir, "ibdata1"), nil, 0o600) }, ErrDataDirNotEmpty,
			"holds ibdata1: move its content away"},
		"a hidden file in it": {func(dir string) error { return os.WriteFile(filepath.Join(dir, ".x"), nil, 0o600) },
			ErrDataDirNotEmpty, "holds .x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServer(t)
			if err := test.prepare(h.DataDir); err != nil {
				t.Fatal(err)
			}
			err := h.CheckDataDir(t.Context())
			if test.kind == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, test.kind) {
				t.Errorf("got %v", err)
			}
			testkit.Says(t, err, test.want)
		})
	}
}

func TestServerOfTheDataDirMustBeDown(t *testing.T) {
	t.Parallel()
	server := mariadbtest.Start(t)
	h := serverOf(t, server)
	pid := strconv.Itoa(server.PID())
	running := func(words ...string) {
		t.Helper()
		err := h.CheckDataDir(t.Context())
		if !errors.Is(err, ErrServerRunning) {
			t.Errorf("got %v", err)
		}
		testkit.Says(t, err, append(words, "cannot restore to database, MySQL/MariaDb server is not stopped")...)
	}
	running("process " + pid + " holds locks in " + server.DataDir)

	// A server of another data directory may run on, if it says so.
	h.DataDir = filepath.Join(h.Dir, "data")
	if err := h.CheckDataDir(t.Context()); err != nil {
		t.Errorf("the server runs on another folder: %v", err)
	}
	h.login(server, server.User, "wrong")
	running("the server refused the login")
	h.CredentialsFile = server.CredentialsFile
	server.Pause()
	running("it does not answer")
	server.Resume()

	// Somebody deleted the files under it.
	h.DataDir = server.DataDir
	entries, err := os.ReadDir(server.DataDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(server.DataDir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	running("process " + pid + " works in " + server.DataDir)
	server.Kill()
	if err := h.CheckDataDir(t.Context()); err != nil {
		t.Errorf("after it was killed, with its socket left behind: %v", err)
	}
}

func TestSplitLayoutIsRefused(t *testing.T) {
	t.Parallel()
	series := mariadbtest.ServerSeries(t)
	for name, test := range map[string]struct{ text, want string }{
		"nothing said": {"[mysqld]\nport=3306\n", ""},
		"in the data directory": {"[mysqld]\ninnodb_log_group_home_dir=DATA\ninnodb_undo_directory=./\n" +
			"innodb_data_home_dir=\naria_log_dir_path=DATA/\n", ""},
		"of another program": {"[mysqldump]\ninnodb_log_group_home_dir=/elsewhere\n", ""},
		"the redo log": {"[mysqld]\ninnodb_log_group_home_dir = /redo\n",
			"puts files outside data_dir (innodb-log-group-home-dir=/redo): restore to a folder and copy from there"},
		"a folder below":        {"[mariadb]\ninnodb-undo-directory=undo\n", "outside data_dir (innodb-undo-directory=undo)"},
		"the system tablespace": {"[server]\ninnodb_data_home_dir=/sys\n", "outside data_dir (innodb-data-home-dir=/sys)"},
		"the last one counts":   {"[mysqld]\naria_log_dir_path=/aria\n[mariadbd]\naria_log_dir_path=DATA\n", ""},
		"a file of the system's": {"[mysqld]\ninnodb_data_home_dir=\ninnodb_data_file_path=/big/ibdata1:12M:autoextend\n",
			"(innodb-data-file-path=/big/ibdata1:12M:autoextend)"},
		"of another server": {"[mysqld]\ndatadir=/other\n",
			"says datadir=/other, but data_dir says DATA: correct data_dir or server_defaults_file"},
		"in what it includes":      {"!includedir DATA\n", "outside data_dir (innodb-log-group-home-dir=/redo)"},
		"nothing that is included": {"!include DATA/nowhere.cnf\n", "nowhere.cnf: no such file or directory: mend that, or take out the line"},
		"a file that is no format": {"aria_log_dir_path=/aria\n", "read server_defaults_file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServer(t)
			h.DefaultsFile = filepath.Join(h.Dir, "my.cnf")
			testkit.Write(t, h.Dir, map[string]string{"my.cnf": withData(test.text, h.DataDir),
				"data/50.cnf": "[mariadb-" + series + "]\ninnodb_log_group_home_dir=/redo\n"})
			err := h.CheckLayout(t.Context(), "")
			if test.want != "" {
				testkit.Says(t, err, withData(test.want, h.DataDir))
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	h := newServer(t)
	if err := h.CheckLayout(t.Context(), ""); err != nil {
		t.Errorf("no option file: %v", err)
	}
	h.DefaultsFile = filepath.Join(h.Dir, "nowhere")
	testkit.Says(t, h.CheckLayout(t.Context(), ""), "read server_defaults_file")
}

// What stands in a section for a MySQL's own series counts, and no other.
func TestSplitLayoutOfOneSeriesOfMySQL(t *testing.T) {
	t.Parallel()
	h := newServer(t)
	h.DBType, h.DefaultsFile = MySQL, filepath.Join(h.Dir, "my.cnf")
	testkit.Write(t, h.Dir, map[string]string{"my.cnf": "[mariadb]\naria_log_dir_path=/aria\n[mysqld-9.7]\ninnodb_undo_directory=/undo\n"})
	testkit.Says(t, h.CheckLayout(t.Context(), "9.7.4"), "puts files outside data_dir (innodb-undo-directory=/undo)")
	if err := h.CheckLayout(t.Context(), "8.4.6"); err != nil {
		t.Errorf("another series: %v", err)
	}
	testkit.Says(t, h.CheckLayout(t.Context(), ""), "[mysqld-9.7] depends on its version, which is not known here")
}

func withData(text, dataDir string) string { return strings.ReplaceAll(text, "DATA", dataDir) }

// Whoever may write to the data directory may put a pipe there.
func TestPipeInTheDataDirectoryIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := unix.Mkfifo(filepath.Join(dir, "ibdata1"), 0o600); err != nil {
		t.Fatal(err)
	}
	if pid := lockHolder(dir); pid != 0 {
		t.Errorf("a pipe is locked by process %d", pid)
	}
}
