package optionfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"
)

// printer is the vendor's program that prints what another one would be told.
// The packages of each server have it.
const printer = "my_print_defaults"

// printerTimeout bounds it.
const printerTimeout = 10 * time.Second

// versioned matches the sections that only servers of one series read.
var versioned = regexp.MustCompile(`^(mysqld|mariadb|mariadbd)-\d`)

// serverSections are those that a MariaDB of any series reads, mysqlSections those
// that a MySQL does.
// https://dev.mysql.com/doc/refman/8.4/en/option-files.html
var (
	serverSections = []string{"mysqld", "server", "mariadb", "mariadbd", "client-server", "galera"}
	mysqlSections  = []string{"mysqld", "server"}
)

// MariaDB returns the options that a MariaDB is told by an option file, as the
// vendor's own program reads it. Where that is not installed we read the file
// ourselves.
func MariaDB(ctx context.Context, path string) (map[string]string, error) {
	program, err := exec.LookPath(printer)
	if err != nil {
		return readServer(path)
	}
	// It passes over an included file that it cannot read, without a word.
	if _, err := Read(path); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, printerTimeout)
	defer cancel()
	// #nosec G204 -- the vendor's program, found in PATH
	cmd := exec.CommandContext(ctx, program, "--defaults-file="+path, "--mysqld")
	cmd.WaitDelay = time.Second
	// Its home may have option files, too, and its suffix other sections.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	cmd.Dir = "/"
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	said := strings.Join(strings.Fields(complaints.String()), " ")
	if err == nil && said != "" {
		err = errors.New("the server would not read all of it")
	}
	if err != nil {
		return nil, fmt.Errorf("read %s with %s: %w: %s", path, program, err, said)
	}
	values := map[string]string{}
	for line := range strings.Lines(string(out)) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if key, is := strings.CutPrefix(key, "--"); is {
			values[normalize(key)] = value
		}
	}
	return values, nil
}

// readServer is MariaDB without the vendor's program. Nothing tells which series
// the server is of.
func readServer(path string) (map[string]string, error) {
	file, err := Read(path)
	if err != nil {
		return nil, err
	}
	if section := file.versioned(); section != "" {
		return nil, fmt.Errorf("read %s: whether the server reads its section [%s] is for %s to say, which is not on PATH: "+
			"install it, it comes with the server", path, section, printer)
	}
	return file.Values(serverSections...), nil
}

// MySQL returns the options that a MySQL of a series, such as 8.4, is told by an
// option file; the series is empty where it is not known. MySQL's own printer
// cannot say what its server reads, and MariaDB's, which may lie on PATH in its
// place, says what a MariaDB would.
func MySQL(path, series string) (map[string]string, error) {
	file, err := Read(path)
	if err != nil {
		return nil, err
	}
	if section := file.versioned(); section != "" && series == "" {
		return nil, fmt.Errorf("read %s: whether the server reads its section [%s] depends on its version, which is not known here: "+
			"move what stands there to [mysqld]", path, section)
	}
	return file.Values(append(slices.Clone(mysqlSections), "mysqld-"+series)...), nil
}

// versioned returns the first section that only servers of one series read, empty
// for none.
func (f File) versioned() string {
	for _, section := range f.sections {
		if versioned.MatchString(section) {
			return section
		}
	}
	return ""
}
