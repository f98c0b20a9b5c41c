package mariadbtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

// packages is what a person without MariaDB has to install.
const packages = "install the Debian packages mariadb-server-core, mariadb-client-core and mariadb-backup (.ci/deps does it)"

// folders are searched after PATH: an ordinary user's lacks the sbin ones.
var folders = []string{"/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin"}

// programs are the paths of the server and of the script that makes its first
// data directory.
type programs struct {
	server  string
	install string
}

// ServerProgram returns the path of the server's program.
func ServerProgram() (string, error) { return findProgram("mariadbd") }

// seriesOf matches the first two numbers of a version.
var seriesOf = regexp.MustCompile(`Ver (\d+\.\d+)\.`)

// ServerSeries returns the series of the MariaDB that is installed, such as 10.11.
func ServerSeries(t testing.TB) string {
	t.Helper()
	testkit.NeedsServer(t)
	program, err := ServerProgram()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program, "--no-defaults", "--version").CombinedOutput()
	found := seriesOf.FindSubmatch(out)
	if err != nil || found == nil {
		t.Fatalf("%s does not tell its version: %v: %s", program, err, out)
	}
	return string(found[1])
}

func findPrograms() (programs, error) {
	server, err := findProgram("mariadbd")
	if err != nil {
		return programs{}, err
	}
	install, err := findProgram("mariadb-install-db")
	if err != nil {
		return programs{}, err
	}
	return programs{server: server, install: install}, nil
}

// find returns the programs of the server that is wanted, and the version of a
// real MySQL.
func (o *options) find() (programs, string, error) {
	if o.mysqld == "" {
		found, err := findPrograms()
		return found, "", err
	}
	if o.claim != "" {
		return programs{}, "", errors.New("the option Claiming is for MariaDB")
	}
	version, err := MySQLVersion(o.mysqld)
	return programs{server: o.mysqld}, version, err
}

func findProgram(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, folder := range folders {
		path := filepath.Join(folder, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("find %s: neither on PATH nor in %v: %s", name, folders, packages)
}
