package optionfile

import (
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// included has a file and what it includes, in every way there is; DIR stands
// for the folder.
var includedFiles = map[string]string{
	"my.cnf": `[client-server]
socket=/run/s.sock
!includedir DIR/conf.d/
after=the folder
 !include	DIR/one.cnf  
[mysqld]
last=my.cnf
!nonsense
!includes DIR/nowhere
`,
	"one.cnf":          "[MySQLd]\nUser=one\n[client-server]\none=1\n",
	"conf.d/b.cnf":     "[mariadb-10.11]\nlast=b\n[mariadb-10.1]\nother=series\n[mysqld]\nlast=c\n!include DIR/deep.cnf\nstill=mysqld\n",
	"conf.d/a.cnf":     "[client-server]\nlast=a\nloose_innodb_undo_directory=/undo\n",
	"conf.d/c.ini":     "no option file\n",
	"conf.d/.cnf":      "[client-server]\nhidden=1\n",
	"conf.d/d.cnf/x":   "",
	"conf.d/old.cnf.1": "no option file\n",
	"deep.cnf":         "[client-server]\ndeep=1\n",
}

func writeFiles(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700),
			os.WriteFile(path, []byte(strings.ReplaceAll(text, "DIR", dir)), 0o600))
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// What is included is read where the server's programs read it.
func TestIncludedFilesAreReadAsTheServersProgramsReadThem(t *testing.T) {
	t.Parallel()
	testkit.NeedsServer(t)
	files := map[string]string{}
	for name, text := range includedFiles {
		files[name] = text
	}
	// A folder of that suffix is one thing that cannot be read.
	delete(files, "conf.d/d.cnf/x")
	path := filepath.Join(writeFiles(t, files), "my.cnf")
	file, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	sections := []string{"client-server", "mysqld", "mariadb-10.11"}
	var ours strings.Builder
	for _, o := range file.Of(sections...) {
		ours.WriteString("--" + o.Written + "=" + o.Value + "\n")
	}
	theirs, err := exec.Command(printer, append([]string{"--defaults-file=" + path}, sections...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	if ours.String() != string(theirs) || !strings.Contains(ours.String(), "--deep=1\n") {
		t.Errorf("to us it says\n%s\nto the server's programs\n%s", ours.String(), theirs)
	}
}

func TestServerIsToldByWhatItsFileIncludes(t *testing.T) {
	t.Parallel()
	series := mariadbtest.ServerSeries(t)
	path := filepath.Join(writeFiles(t, map[string]string{
		// As Debian's is.
		"my.cnf":         "!includedir DIR/conf.d/\n",
		"conf.d/50.cnf":  "[mysqld]\nport=1\ninnodb_log_group_home_dir = /the redo log\n[mysqldump]\nport=2\n",
		"conf.d/99.cnf":  "[mariadb-" + series + "]\nloose-Innodb_Undo_Directory=/undo\n[mariadb-5.5]\nport=3\n",
		"conf.d/99.conf": "[mysqld]\nport=4\n",
	}), "my.cnf")
	got, err := MariaDB(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"port": "1", "innodb-log-group-home-dir": "/the redo log", "innodb-undo-directory": "/undo"} {
		if got[key] != want {
			t.Errorf("%s is %q, want %q", key, got[key], want)
		}
	}
}

// A MySQL reads the sections of its own series, whatever program of MariaDB's lies
// on PATH, which would read others.
func TestMySQLReadsItsOwnSections(t *testing.T) {
	t.Parallel()
	dir := writeFiles(t, map[string]string{
		"my.cnf": "[mysqld]\nport=1\n!include DIR/it.cnf\n[server]\nsocket=/s\n[mariadb]\nsocket=/m\n" +
			"[client-server]\nport=2\n[mysqld-5.7]\nport=3\n",
		"it.cnf": "[mysqld-9.7]\ninnodb_undo_directory=/u\n",
	})
	path := filepath.Join(dir, "my.cnf")
	for series, want := range map[string]map[string]string{
		"9.7": {"port": "1", "socket": "/s", "innodb-undo-directory": "/u"}, "8.4": {"port": "1", "socket": "/s"},
		"5.7": {"port": "3", "socket": "/s"},
	} {
		if got, err := MySQL(path, series); err != nil || !maps.Equal(got, want) {
			t.Errorf("a MySQL %s is told %v, %v; want %v", series, got, err, want)
		}
	}
	_, err := MySQL(path, "")
	testkit.Says(t, err, "whether the server reads its section [mysqld-9.7] depends on its version, which is not known here: "+
		"move what stands there to [mysqld]")
	if got, err := MySQL(filepath.Join(writeFiles(t, map[string]string{"my.cnf": "[mysqld]\nport=1\n"}), "my.cnf"), ""); err != nil ||
		len(got) != 1 {
		t.Errorf("without such sections: %v, %v", got, err)
	}
}

func TestServersFileWithoutTheServersProgram(t *testing.T) {
	dir := writeFiles(t, map[string]string{
		"my.cnf":      "!include DIR/it.cnf\n",
		"it.cnf":      "[mysqld]\ninnodb_undo_directory=/u\n[mysqldump]\nport=2\n",
		"version.cnf": "[mysqld-8.0]\ninnodb_undo_directory=/u\n",
	})
	t.Setenv("PATH", dir)
	got, err := MariaDB(t.Context(), filepath.Join(dir, "my.cnf"))
	if err != nil || len(got) != 1 || got["innodb-undo-directory"] != "/u" {
		t.Errorf("got %v, %v", got, err)
	}
	_, err = MariaDB(t.Context(), filepath.Join(dir, "version.cnf"))
	testkit.Says(t, err, "whether the server reads its section [mysqld-8.0] is for my_print_defaults to say", "install it")
	testkit.Program(t, filepath.Join(dir, printer), "#!/bin/sh\necho 'cannot tell' >&2\n")
	_, err = MariaDB(t.Context(), filepath.Join(dir, "my.cnf"))
	testkit.Says(t, err, "with "+filepath.Join(dir, printer), "the server would not read all of it: cannot tell")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := MariaDB(ended, filepath.Join(dir, "my.cnf")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// What the server's programs pass over without a word is an error.
func TestWhatCannotBeFollowedIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files map[string]string
		want  string
	}{
		"a missing file":   {map[string]string{"my.cnf": "!include DIR/x.cnf\n"}, "no such file or directory: mend that, or take out the line"},
		"a missing folder": {map[string]string{"my.cnf": "!includedir DIR/x\n"}, "/x, which "},
		"not absolute":     {map[string]string{"my.cnf": "!include x.cnf\n"}, `it includes "x.cnf", which is no absolute path: write it as one`},
		"nothing":          {map[string]string{"my.cnf": "!include\n"}, `it includes ""`},
		"itself": {map[string]string{"my.cnf": "!include DIR/my.cnf\n"},
			"10 deep, and the server reads no deeper: does a file include itself?"},
		"no option file": {map[string]string{"my.cnf": "[a]\n!include DIR/x\n", "x": "password=secret\n"},
			`"password" stands before any section`},
		"a folder": {map[string]string{"my.cnf": "!includedir DIR/d\n", "d/d.cnf/x": ""}, "it is a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(writeFiles(t, test.files), "my.cnf")
			_, err := Read(path)
			testkit.Says(t, err, test.want)
			_, err = MariaDB(t.Context(), path)
			testkit.Says(t, err, test.want)
		})
	}
	dir := writeFiles(t, map[string]string{"my.cnf": "!include DIR/x.cnf\n", "x.cnf": "[a]\nb=1\n"})
	if err := os.Chmod(filepath.Join(dir, "x.cnf"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := Read(filepath.Join(dir, "my.cnf"))
	testkit.Says(t, err, "x.cnf: the tools ignore it because everyone may write it: chmod 600 it")
}
