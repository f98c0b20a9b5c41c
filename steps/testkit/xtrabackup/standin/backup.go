package main

import (
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// compiledDataDir is the data directory of a server whose option file and
// command line name none.
const compiledDataDir = "/var/lib/mysql/"

// passedOn are the options that mean the same to mariabackup.
var passedOn = []string{"target-dir", "datadir", "parallel", "throttle", "incremental-basedir", "stream", "extra-lsndir",
	"use-memory", "incremental-dir", "force-non-empty-directories", "tmpdir", "no-lock", "open-files-limit"}

// pass returns those of them that were given.
func (c commandLine) pass() []string {
	var args []string
	for _, name := range passedOn {
		if value := c.values[name]; value != "" {
			args = append(args, "--"+name+"="+value)
		} else if c.has(name) {
			args = append(args, "--"+name)
		}
	}
	return args
}

func (v version) backup(c commandLine) error {
	login, err := c.login()
	if err != nil {
		return err
	}
	if login["host"] != "" && login["host"] != "localhost" {
		return fmt.Errorf("the stand-in reaches servers by their socket only, not %s", login["host"])
	}
	var claimed, dataDir string
	if err := ask(login, &claimed, &dataDir); err != nil {
		return words("Failed to connect to MySQL server: " + err.Error() + ".")
	}
	if !slices.ContainsFunc(servers[v.age], func(s string) bool { return strings.HasPrefix(claimed, s+".") }) {
		return words("Unsupported server version: '" + claimed + "'.")
	}
	if err := v.tooNew(claimed, c); err != nil {
		return err
	}
	if c.has("throttle") && v.age == v23 && !v.since("2.3.5") {
		// Release notes of 2.3.5, bugs fixed: "Backup process would fail if --throttle
		// option was used".
		return words("--throttle fails in this version.")
	}
	given := c.values["datadir"]
	if given == "" {
		given = compiledDataDir
	}
	if filepath.Clean(given) != filepath.Clean(dataDir) {
		return fmt.Errorf("option 'datadir' has different values:\n  '%s' in defaults file\n  '%s' in SHOW VARIABLES", given, dataDir)
	}
	if base := c.values["incremental-basedir"]; base != "" {
		if _, err := readCheckpoints(base); err != nil {
			return err
		}
	}
	between, err := startProxy(login["socket"], claimed)
	if err != nil {
		return err
	}
	defer between.close()
	args := []string{"--defaults-file=" + c.defaultsFile, "--defaults-group-suffix=" + c.suffix,
		"--backup", "--host=localhost", "--socket=" + between.socket()}
	if err := work(append(args, c.pass()...)...); err != nil {
		return err
	}
	folders := []string{c.values["extra-lsndir"]}
	if !c.has("stream") {
		folders = append(folders, c.values["target-dir"])
	}
	for _, folder := range folders {
		if folder == "" {
			continue
		}
		if err := v.rename(folder, claimed); err != nil {
			return err
		}
	}
	if c.has("stream") {
		return nil
	}
	return os.Rename(filepath.Join(c.values["target-dir"], workerLog), filepath.Join(c.values["target-dir"], ownLog))
}

// login is what the option file and the command line say of the server.
func (c commandLine) login() (map[string]string, error) {
	args := []string{"--defaults-file=" + c.defaultsFile}
	if c.defaultsFile == "" {
		args[0] = "--no-defaults"
	}
	if c.suffix != "" {
		args = append(args, "--defaults-group-suffix="+c.suffix)
	}
	out, err := exec.Command("my_print_defaults", append(args, "xtrabackup", "client")...).Output()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", c.defaultsFile, err)
	}
	login := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if name, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimRight(line, "\n"), "--"), "="); ok {
			login[name] = value
		}
	}
	for _, name := range []string{"user", "password", "socket", "host"} {
		if c.has(name) {
			login[name] = c.values[name]
		}
	}
	return login, nil
}

// tooNew refuses a server that is newer than the MySQL this is based on, as the
// versions before 8.0.34 do.
// storage/innobase/xtrabackup/src/backup_mysql.cc of percona/percona-xtrabackup, check_server_version;
// https://docs.percona.com/percona-xtrabackup/8.0/supported-versions.html
func (v version) tooNew(claimed string, c commandLine) error {
	if v.age != v80 || v.since("8.0.34") || c.has("no-server-version-check") || slices.Compare(numbers(claimed)[:3], v.numbers[:3]) <= 0 {
		return nil
	}
	return words("Unsupported server version " + claimed + ".\nPlease upgrade PXB, if a new version is available. " +
		"To continue with risk, use the option --no-server-version-check.")
}

// ask asks the server who it is.
func ask(login map[string]string, version, dataDir *string) error {
	config := mysql.NewConfig()
	config.User, config.Passwd, config.Net, config.Addr = login["user"], login["password"], "unix", login["socket"]
	config.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	return db.QueryRow("SELECT @@version, @@datadir").Scan(version, dataDir)
}
