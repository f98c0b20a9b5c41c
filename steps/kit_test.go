package steps

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
	xtrabackuptest "dbcalm-db-cmd/steps/testkit/xtrabackup"
	"dbcalm-db-cmd/steps/tool"
)

// The variables that name real programs to conform to.
const (
	xtrabackupVariable = "DBCALM_TEST_XTRABACKUP"
	mysqldVariable     = "DBCALM_TEST_MYSQLD"
)

// kit is a tool with a server that it fits.
type kit struct {
	// name says what it is, and whether it is real.
	name   string
	dbType string
	// tool returns the tool's path.
	tool func(testing.TB) string
	// server are the options of its server.
	server []mariadbtest.Option
	// prepared is the state of a chain that is whole.
	prepared string
	// real tells that neither tool nor server stands in for another.
	real bool
}

// kits returns every kit there is: MariaDB with its tool, which must be there;
// a stand-in of every version of XtraBackup; and the real ones that are found.
func kits(t testing.TB) []kit {
	t.Helper()
	list := []kit{{"MariaDB, real", server.MariaDB, func(t testing.TB) string {
		path, err := tool.FindTool(server.MariaDB)
		if err != nil {
			t.Fatal(err)
		}
		return path
	}, nil, tool.TypeLogApplied, true}}
	for _, v := range xtrabackuptest.Versions {
		name := fmt.Sprintf("stand-in for XtraBackup %s on MariaDB as MySQL %s", v.Tool, v.Server)
		list = append(list, kit{name, server.MySQL, func(t testing.TB) string { return xtrabackuptest.Install(t, v.Tool) },
			[]mariadbtest.Option{mariadbtest.Claiming(v.Server)}, tool.TypeFullPrepared, false})
	}
	program, mysqld, err := realPrograms()
	if err != nil {
		t.Fatal(err)
	}
	if program == "" || mysqld == "" {
		return list
	}
	version, err := mariadbtest.MySQLVersion(mysqld)
	if err != nil {
		t.Fatal(err)
	}
	return append(list, kit{fmt.Sprintf("%s on MySQL %s, real", program, version), server.MySQL, func(testing.TB) string { return program },
		[]mariadbtest.Option{mariadbtest.MySQL(mysqld)}, tool.TypeFullPrepared, true})
}

// realPrograms returns a real xtrabackup and a real mysqld, empty for what is
// not there. What a variable names must be there and be it.
func realPrograms() (program, mysqld string, err error) {
	if program = os.Getenv(xtrabackupVariable); program != "" {
		if program, err = filepath.Abs(program); err != nil {
			return "", "", err
		}
		out, err := exec.Command(program, "--version").CombinedOutput()
		if err != nil || !tool.XtrabackupBanner.Match(out) {
			return "", "", fmt.Errorf("%s=%s is no xtrabackup: %w: %s", xtrabackupVariable, program, errOr(err, os.ErrInvalid), out)
		}
	} else if path, lookErr := exec.LookPath("xtrabackup"); lookErr == nil {
		program = path
	}
	if mysqld = os.Getenv(mysqldVariable); mysqld != "" {
		if _, err := mariadbtest.MySQLVersion(mysqld); err != nil {
			return "", "", fmt.Errorf("%s: %w", mysqldVariable, err)
		}
	} else if path, lookErr := exec.LookPath("mysqld"); lookErr == nil {
		// Debian calls MariaDB's so too.
		if _, err := mariadbtest.MySQLVersion(path); err == nil {
			mysqld = path
		}
	}
	if os.Getenv(xtrabackupVariable) != "" && mysqld == "" {
		return "", "", fmt.Errorf("%s is set and there is no real mysqld: name one by %s", xtrabackupVariable, mysqldVariable)
	}
	return program, mysqld, nil
}

// TestKits says what the conformance suite runs on. `make test` shows it.
func TestKits(t *testing.T) {
	for _, k := range kits(t) {
		fmt.Println("kit: " + k.name)
	}
	tool, mysqld, _ := realPrograms()
	if tool == "" || mysqld == "" {
		fmt.Printf("kit: NO real XtraBackup with a real MySQL: xtrabackup %s, mysqld %s; %s and %s name them\n",
			missing(tool), missing(mysqld), xtrabackupVariable, mysqldVariable)
	}
}

func missing(path string) string {
	if path == "" {
		return "not found"
	}
	return "is " + path
}

func TestNamedProgramsMustBeThem(t *testing.T) {
	testkit.NeedsServer(t)
	for name, test := range map[string]struct{ variable, value, want string }{
		"a tool that is not there":  {xtrabackupVariable, "/nowhere/xtrabackup", "is no xtrabackup"},
		"a tool that is another":    {xtrabackupVariable, "mariadb-backup", "is no xtrabackup"},
		"a server that is MariaDB":  {mysqldVariable, "mariadbd", "is no MySQL"},
		"a server that is not here": {mysqldVariable, "/nowhere/mysqld", "ask /nowhere/mysqld for its version"},
	} {
		t.Run(name, func(t *testing.T) {
			if path, err := exec.LookPath(test.value); err == nil {
				test.value = path
			}
			t.Setenv(test.variable, test.value)
			others := map[string]string{xtrabackupVariable: mysqldVariable, mysqldVariable: xtrabackupVariable}
			if other := others[test.variable]; os.Getenv(other) != "" {
				t.Setenv(other, "")
			}
			_, _, err := realPrograms()
			testkit.Says(t, err, test.want)
		})
	}
}

// kitBench is a host with a kit's server and tool.
type kitBench struct {
	*testHost
	kit
	db  *mariadbtest.Server
	seq int64
}

func newKitBench(t *testing.T, k kit) *kitBench {
	t.Helper()
	b := &kitBench{kit: k, db: mariadbtest.Start(t, k.server...)}
	b.testHost = hostOf(t, b.db)
	b.Server.DBType, b.Tool.Bin = k.dbType, k.tool(t)
	return b
}

// perform does the steps of an operation, one after the other and again as
// long as one says that there is more, and returns what the last one left.
func (b *kitBench) perform(task Task, names ...string) (Task, error) {
	b.T.Helper()
	for _, name := range names {
		for step, more := b.Steps()[name], true; more; {
			out, err := b.do(step, task)
			if err != nil {
				return task, fmt.Errorf("%s: %w", name, err)
			}
			task.Data, more = out.Data, out.Event == EventMore && (name == "apply_link" || name == "unpack_link")
			if out.Backup != nil {
				b.Records.Backups[out.Backup.ID] = *out.Backup
			}
		}
	}
	return task, nil
}

func (b *kitBench) do(step Step, task Task) (Outcome, error) {
	b.T.Helper()
	if step.Run != nil {
		return step.Run(b.T.Context(), task)
	}
	spec, err := step.Job(b.T.Context(), task)
	if err != nil {
		return Outcome{}, err
	}
	if step.Beside != nil {
		if _, err := step.Beside(b.T.Context(), task); err != nil {
			return Outcome{}, err
		}
	}
	b.seq++
	return step.Finish(b.T.Context(), task, b.runs(task.Operation, b.seq, spec))
}

// take takes a backup, a full one without a base.
func (b *kitBench) take(id, base string) error {
	b.T.Helper()
	task := Task{Operation: "take-" + id, Attempt: 1, Events: []string{EventStream, EventCount},
		Args: Args{ID: id, FromBackupID: base}}
	copying := []string{"copy_backup"}
	if b.Stream {
		copying = []string{"stream_backup"}
	}
	if b.CountRows.On() {
		copying = append(copying, "count_rows")
	}
	if b.Compression != "" && !b.Stream {
		copying = append(copying, "compress_backup")
	}
	_, err := b.perform(task, slices.Concat([]string{"validate_backup", "reserve_work"}, copying,
		[]string{"seal_backup", "publish_backup", "record_backup"})...)
	return err
}

// restore restores a chain to a target and returns the folder it is in.
func (b *kitBench) restore(target string, ids ...string) (string, error) {
	b.T.Helper()
	task := Task{Operation: "restore-" + target, Attempt: 1, Events: []string{EventRewind},
		Args: Args{IDList: ids, Target: target, TmpDir: filepath.Join(b.Store.BackupDir, "restores", strings.Join(ids, "-"))}}
	names := []string{"validate_restore", "stage_chain"}
	if b.Stream {
		names = append(names, "unpack_link")
	}
	names = append(names, "prepare_full")
	if len(ids) > 1 {
		names = append(names, "apply_link")
	}
	task, err := b.perform(task, append(names, "arrange_restore", "place_restore")...)
	if err != nil {
		return "", err
	}
	return task.Data.Placement.Target, nil
}
