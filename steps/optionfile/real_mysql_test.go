//go:build matrix

package optionfile

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// What a MySQL is told by its option file is what its own printer says of the
// sections that it reads.
func TestRealMySQLIsToldByItsFile(t *testing.T) {
	program, err := exec.LookPath(printer)
	if err != nil || !strings.HasPrefix(program, os.Getenv("MATRIX_FOLDER")) {
		t.Skip("its package has no " + printer)
	}
	version, err := mariadbtest.MySQLVersion(os.Getenv("DBCALM_TEST_MYSQLD"))
	if err != nil {
		t.Fatal(err)
	}
	numbers := strings.SplitN(version, ".", 3)
	series := numbers[0] + "." + numbers[1]
	files := maps.Clone(includedFiles)
	delete(files, "conf.d/d.cnf/x")
	files["my.cnf"] += "[mysqld-" + series + "]\ninnodb_undo_directory=/undo\n[mysqld-5.5]\nport=5\n[server]\nport = 9 # here\n"
	path := filepath.Join(writeFiles(t, files), "my.cnf")
	out, err := exec.Command(program, "--defaults-file="+path, "mysqld", "server", "mysqld-"+series).Output()
	if err != nil {
		t.Fatal(err)
	}
	theirs := map[string]string{}
	for line := range strings.Lines(string(out)) {
		key, value, _ := strings.Cut(strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "--"), "=")
		theirs[normalize(key)] = value
	}
	ours, err := MySQL(path, series)
	if err != nil || !maps.Equal(ours, theirs) || ours["innodb-undo-directory"] != "/undo" || ours["port"] != "9" {
		t.Errorf("to us it says %v, %v; to the server's program %v", ours, err, theirs)
	}
	if out, err := exec.Command(program, "--defaults-file="+path, "--mysqld").CombinedOutput(); err == nil {
		t.Errorf("it knows which sections its server reads: %s", out)
	}
}
