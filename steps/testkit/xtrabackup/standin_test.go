package xtrabackuptest

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// run runs a stand-in and returns its exit code and what it said.
func run(t *testing.T, program string, args ...string) (code int, said string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if out.Len() > 0 {
		t.Errorf("%v: it prints to stdout: %s", args, &out)
	}
	return cmd.ProcessState.ExitCode(), errs.String()
}

// refuses demands that a command line is refused with certain words.
func refuses(t *testing.T, program, want string, args ...string) {
	t.Helper()
	if code, said := run(t, program, args...); code != 1 || !strings.Contains(said, want) || strings.Contains(said, "completed OK!") {
		t.Errorf("%v: ended with %d, wanted a refusal that says %q:\n%s", args, code, want, said)
	}
}

func TestVersionGoesToStderr(t *testing.T) {
	t.Parallel()
	for _, v := range Versions {
		if code, said := run(t, Install(t, v.Tool), "--version"); code != 0 ||
			!strings.HasPrefix(said, "xtrabackup version "+v.Tool+" based on MySQL server ") {
			t.Errorf("%s: %d, %s", v.Tool, code, said)
		}
	}
}

func TestCommandLinesAreRefused(t *testing.T) {
	t.Parallel()
	for _, v := range Versions {
		program := Install(t, v.Tool)
		for want, args := range map[string][]string{
			"usage": {},
			"--defaults-file must be specified first": {"--backup", "--defaults-file=/c"},
			"unknown variable 'defaults-group-suffix": {"--defaults-file=/c", "--backup", "--defaults-group-suffix=-x"},
			"unknown variable 'no-defaults'":          {"--prepare", "--no-defaults"},
			"unknown option '--level'":                {"--backup", "--level=9"},
			"unknown argument: 'backup'":              {"backup"},
			"unknown argument: '-p'":                  {"--backup", "-p"},
			"'--target-dir' requires an argument":     {"--backup", "--target-dir"},
			"'--backup' cannot take an argument":      {"--backup=yes"},
			"--apply-log-only means nothing here":     {"--backup", "--apply-log-only"},
			"--incremental-basedir means nothing":     {"--prepare", "--incremental-basedir=/b"},
			"--incremental-dir means nothing here":    {"--copy-back", "--incremental-dir=/b"},
			"--socket means nothing here":             {"--prepare", "--socket=/s"},
			"datadir must be specified":               {"--move-back", "--target-dir=/t"},
			"the settings of the backup were not":     {"--no-defaults", "--prepare", "--target-dir=/t"},
		} {
			refuses(t, program, want, args...)
		}
		refuses(t, program, "usage", "--backup", "--prepare")
	}
	// What one version knows another does not.
	for option, age := range map[string]int{"--strict": 1, "--lock-ddl": 1, "--page-tracking": 2, "--component-keyring-config=/k": 2,
		"--register-redo-log-consumer": 2} {
		for i, v := range Versions {
			_, said := run(t, Install(t, v.Tool), "--backup", option)
			if unknown := strings.Contains(said, "unknown option"); unknown != (i < age) {
				t.Errorf("%s of %s: %s", option, v.Tool, said)
			}
		}
	}
	refuses(t, Install(t, Versions[3].Tool), "unknown option '--compact'", "--backup", "--compact")
}

// Options were renamed within a series: old names are warned of, both refused.
func TestOptionsGoByTheNamesOfTheVersion(t *testing.T) {
	t.Parallel()
	names := map[string]string{"--apply-log-only": "--apply-redo-only", "--incremental-basedir=/b": "--backup-incremental-base=/b",
		"--incremental-dir=/b": "--prepare-incremental-from-dir=/b"}
	for _, v := range slices.Concat(Versions, Further) {
		program := Install(t, v.Tool)
		parsed := func(args ...string) (int, string) {
			cmd := exec.Command(program, args...)
			cmd.Env = append(os.Environ(), OnlyParse)
			out, _ := cmd.CombinedOutput()
			return cmd.ProcessState.ExitCode(), string(out)
		}
		renames := v.Tool == "8.4.0-8" || v.Tool == "9.7.2-2"
		for old, now := range names {
			mode := "--prepare"
			if strings.Contains(old, "basedir") {
				mode = "--backup"
			}
			code, said := parsed(mode, old)
			warned := strings.Contains(said, " is deprecated and will be removed in a future release. Please use ")
			if code != 0 || warned != renames {
				t.Errorf("%s, %s: %d, %s", v.Tool, old, code, said)
			}
			if code, said := parsed(mode, now); (code == 0) != renames || strings.Contains(said, "deprecated") {
				t.Errorf("%s, %s: %d, %s", v.Tool, now, code, said)
			}
			if !renames {
				continue
			}
			for _, both := range [][]string{{mode, old, now}, {mode, now, old}} {
				if code, said := parsed(both...); code != 1 || !strings.Contains(said, "are the same option; pass only one") {
					t.Errorf("%s, %v: %d, %s", v.Tool, both, code, said)
				}
			}
		}
	}
}

// What a version does not know is not among the options it lists, either.
func TestHelpListsTheVersionsOptions(t *testing.T) {
	t.Parallel()
	for tool, without := range map[string][]string{
		"2.3.0": {"--strict", "--apply-redo-only", "--page-tracking"}, "8.0.13": {"--no-server-version-check", "--page-tracking", "--compact"},
		"8.4.0-1": {"--apply-redo-only", "--compact"}, "9.7.2-2": {"--compact"},
	} {
		out, err := exec.Command(Install(t, tool), "--help").Output()
		if err != nil || !strings.Contains(string(out), "--incremental-basedir=") {
			t.Errorf("%s: %v, %s", tool, err, out)
		}
		for _, option := range without {
			if strings.Contains(string(out), option) {
				t.Errorf("%s lists %s", tool, option)
			}
		}
	}
}

// The unpackers of the oldest versions know no --parallel.
func TestOldUnpackersAreSlow(t *testing.T) {
	t.Parallel()
	for _, v := range slices.Concat(Versions, Further) {
		program := filepath.Join(filepath.Dir(Install(t, v.Tool)), "xbstream")
		out, err := exec.Command(program, "-x", "-C", t.TempDir(), "--parallel=2").CombinedOutput()
		old := slices.Contains([]string{"2.3.0", "2.3.7", "2.4.6"}, v.Tool)
		if (err != nil) != old || old && !strings.Contains(string(out), "xbstream: unknown variable 'parallel=2'") {
			t.Errorf("%s: %v, %s", v.Tool, err, out)
		}
		if out, err := exec.Command(program, "-x", "-C", t.TempDir()).CombinedOutput(); err != nil {
			t.Errorf("%s: %v, %s", v.Tool, err, out)
		}
	}
}

// bench is a stand-in with a server it fits.
type bench struct {
	*mariadbtest.Server
	t       *testing.T
	dir     string
	program string
}

func newBench(t *testing.T, v Version) *bench {
	t.Helper()
	return &bench{Server: mariadbtest.Start(t, mariadbtest.Claiming(v.Server)), t: t, dir: t.TempDir(), program: Install(t, v.Tool)}
}

func (b *bench) folder(name string) string { return filepath.Join(b.dir, name) }

// backupArgs are the command line of a backup.
func (b *bench) backupArgs(name string, more ...string) []string {
	return append([]string{"--defaults-file=" + b.CredentialsFile, "--defaults-group-suffix=-dbcalm", "--backup",
		"--target-dir=" + b.folder(name), "--datadir=" + b.DataDir}, more...)
}

func (b *bench) prepareArgs(name string, more ...string) []string {
	return append([]string{"--defaults-file=" + b.folder(name) + "/backup-my.cnf", "--prepare", "--target-dir=" + b.folder(name)}, more...)
}

// succeeds demands success, and that it is told as the real one does.
func (b *bench) succeeds(args ...string) {
	b.t.Helper()
	if code, said := run(b.t, b.program, args...); code != 0 || !strings.HasSuffix(strings.TrimSpace(said), " completed OK!") ||
		strings.Count(said, "completed OK!") != 1 {
		b.t.Fatalf("%v: ended with %d:\n%s", args, code, said)
	}
}

func (b *bench) state(name, want string) {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(b.folder(name), "xtrabackup_checkpoints"))
	if err != nil || !strings.HasPrefix(string(text), "backup_type = "+want+"\n") {
		b.t.Errorf("%s is in state %s, %v, want %s", name, text, err, want)
	}
}

// chain takes a full backup and two incrementals, rows being added before each,
// and each begins at an LSN of its own.
func (b *bench) chain() {
	b.t.Helper()
	const checkpoint = "SET GLOBAL innodb_log_checkpoint_now = ON"
	b.Exec("CREATE DATABASE shop", "CREATE TABLE shop.orders (id INT PRIMARY KEY) ENGINE=InnoDB",
		"INSERT INTO shop.orders VALUES (1)", checkpoint)
	b.succeeds(b.backupArgs("full")...)
	b.Exec("INSERT INTO shop.orders VALUES (2)", checkpoint)
	b.succeeds(b.backupArgs("one", "--incremental-basedir="+b.folder("full"))...)
	b.Exec("INSERT INTO shop.orders VALUES (3)", checkpoint)
	b.succeeds(b.backupArgs("two", "--incremental-basedir="+b.folder("one"))...)
}

func TestBackupsAreRefused(t *testing.T) {
	t.Parallel()
	v := Versions[2]
	b := newBench(t, v)
	refuses(t, b.program, "option 'datadir' has different values",
		slices.DeleteFunc(b.backupArgs("x"), func(a string) bool { return strings.HasPrefix(a, "--datadir") })...)
	refuses(t, b.program, "option 'datadir' has different values", b.backupArgs("x", "--datadir=/elsewhere")...)
	refuses(t, b.program, "cannot open /nowhere/xtrabackup_checkpoints", b.backupArgs("x", "--incremental-basedir=/nowhere")...)
	refuses(t, b.program, "Failed to connect to MySQL server", b.backupArgs("x", "--password=wrong")...)
	refuses(t, Install(t, Versions[3].Tool), "Unsupported server version: '"+v.Server+"'", b.backupArgs("x")...)
	// Until 8.0.34, one that is newer than the MySQL it is made of.
	refuses(t, Install(t, "8.0.33-28"), "Please upgrade PXB, if a new version is available", b.backupArgs("x")...)
	if _, err := os.Stat(b.folder("x")); err == nil {
		t.Error("something was written")
	}
}

func TestChainIsPreparedAsTheRealOneDoes(t *testing.T) {
	t.Parallel()
	b := newBench(t, Versions[2])
	b.chain()
	b.state("full", "full-backuped")
	b.state("one", "incremental")
	if _, err := os.Stat(b.folder("full/xtrabackup_logfile")); err != nil {
		t.Error(err)
	}
	for _, spare := range []string{"spare", "closed"} {
		if err := os.CopyFS(b.folder(spare), os.DirFS(b.folder("full"))); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(b.folder("one again"), os.DirFS(b.folder("one"))); err != nil {
		t.Fatal(err)
	}
	b.succeeds(b.prepareArgs("closed")...)
	b.state("closed", "full-prepared")
	b.succeeds(b.prepareArgs("closed")...)
	b.state("closed", "full-prepared")
	refuses(t, b.program, "applying incremental backup needs target prepared with --apply-log-only",
		b.prepareArgs("closed", "--incremental-dir="+b.folder("one again"))...)
	refuses(t, b.program, "applying incremental backup needs target prepared with --apply-log-only",
		b.prepareArgs("spare", "--incremental-dir="+b.folder("one again"))...)
	b.succeeds(b.prepareArgs("spare", "--apply-log-only")...)
	b.state("spare", "log-applied")
	refuses(t, b.program, "seems not to be proper for the target", b.prepareArgs("spare", "--incremental-dir="+b.folder("two"))...)
	refuses(t, b.program, "not fully prepared", "--copy-back", "--datadir="+b.folder("data"), "--target-dir="+b.folder("spare"))
	b.succeeds(b.prepareArgs("spare", "--apply-log-only", "--incremental-dir="+b.folder("one"))...)
	b.succeeds(b.prepareArgs("spare", "--incremental-dir="+b.folder("two"))...)
	b.state("spare", "full-prepared")
	b.Stop()
	b.succeeds("--move-back", "--datadir="+b.folder("data"), "--target-dir="+b.folder("spare"))
	b.StartOn(b.folder("data"))
	var rows int
	if err := b.DB().QueryRow("SELECT COUNT(*) FROM shop.orders").Scan(&rows); err != nil || rows != 3 {
		t.Errorf("%d rows came back, %v", rows, err)
	}
}

// The oldest applies an incremental without the one before it, and says that
// all is well.
func TestOldestIsCareless(t *testing.T) {
	t.Parallel()
	b := newBench(t, Versions[0])
	b.chain()
	b.succeeds(b.prepareArgs("full", "--apply-log-only")...)
	b.succeeds(b.prepareArgs("full", "--incremental-dir="+b.folder("two"))...)
	b.state("full", "full-prepared")
}
