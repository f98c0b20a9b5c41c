//go:build matrix

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// rung is a row of the matrix: tests of a package that are run on a server of
// every version.
type rung struct {
	about string
	// folder is the package's below the module's top.
	folder string
	// mariadb and mysql are the tests for each kind, as a pattern of go test; empty
	// for none.
	mariadb, mysql string
	// upgraded tells that it takes the next newer server of its kind, too.
	upgraded bool
}

const moduleTop = "../../.."

var rungs = []rung{
	{about: "questions to the server, its locks, its start on parts of a restore", folder: "steps",
		mariadb: "^TestServerConformance$/^MariaDB", mysql: "^TestServerConformance$/^MySQL"},
	{about: "grants taken one by one, tables and files elsewhere", folder: "steps/server",
		mariadb: "^(TestMissingGrantsAreNamed|TestServerTellsThatItsFilesAreElsewhere|TestServersTellTheirLSN)$",
		mysql: "^TestRealMySQL(TellsEachMissingGrant|GrantsByRoles|WithABinaryLog|WithItsLogElsewhere|IsFoundElsewhere|" +
			"TellsWhatLiesElsewhere|TellsItsKeyring|TracksPages)$"},
	{about: "encrypted logins, and what else its programs are told", folder: "steps/server",
		mariadb: "^(TestEncryptedLogins|TestToolLogsInWithWhatWeDo|TestServerTellsWhereItsProgramsFilesAre|TestSplitLayoutIsRefused)$",
		mysql:   "^TestRealMySQL(WantsEncryption|TakesNewPasswords)$"},
	{about: "option files, as the version's own program reads them", folder: "steps/optionfile",
		mariadb: "^(TestIncludedFilesAreReadAsTheServersProgramsReadThem|TestServerIsToldByWhatItsFileIncludes)$",
		mysql:   "^TestRealMySQLIsToldByItsFile$"},
	{about: "a chain, a stream, kills of the tool and the server", folder: "steps",
		mariadb: "^(TestConformance|TestSettingsOfTheBackupAreUsed)$/^MariaDB"},
	{about: "tables of any name and kind, with holes, outside, damaged", folder: "steps",
		mariadb: "^(TestTablesOfAnyNameComeBack|TestTableThatTheToolLeavesOut|TestTablesOutsideTheDataDirectory|TestHolesSurvive|" +
			"TestDamagedPageIsNamed)$/MariaDB,_real"},
	{about: "a restored server becomes a replica", folder: "steps", mariadb: "^TestRestoredBackupBecomesAReplica$",
		mysql: "^TestRealMySQLBecomesAReplica$"},
	{about: "a server is booted on a prepared folder, and finds damage", folder: "steps", mysql: "^TestRealMySQLIsBooted$"},
	{about: "chains in every form, to the database and to a folder", folder: "cmd/dbcalm-db-cmd/e2e",
		mariadb: "^(TestChainComesBack|TestChainsOfMixedForms|TestStreamsGoIntoTheDataDirectory|TestRestoreKeepsOwnerAndMode)$"},
	{about: "the daemon, the tool and the server are killed", folder: "cmd/dbcalm-db-cmd/e2e",
		mariadb: "^(TestToolRunsOn|TestGivesUpAfterInterruptions|TestToolFails|TestServerDiesWhileToolWorks|TestStreamServerDies|" +
			"TestUnpackingSurvives)$"},
	{about: "rows counted on the server, and compared with what came back", folder: "steps",
		mariadb: "^(TestRowsAreComparedInEveryForm|TestLostRowsAreFound)$"},
	{about: "any moment: the binary log is replayed, and the replay killed", folder: "steps/boot",
		mariadb: "^(TestReplayToAnyMoment|TestReplayGoesOnAfterKills)$",
		mysql:   "^TestRealMySQL(IsBroughtToAnyMoment|ReplayGoesOnAfterKills|StandsWhereTheBackupSays)$"},
	{about: "any moment: the daemon's archive, and back to before a mistake", folder: "cmd/dbcalm-db-cmd/e2e",
		mariadb: "^TestBackToTheMomentBefore$"},
	{about: "verification at every level, and what it finds", folder: "cmd/dbcalm-db-cmd/e2e",
		mariadb: "^(TestVerifyLevels|TestVerifyPackedLevels|TestVerifyFindsDamage|TestVerifyLooksIntoTables)$"},
	{about: "the next series: its tool, an incremental after the upgrade, a restore on it", folder: "cmd/dbcalm-db-cmd/e2e",
		mariadb: "^TestMixedSeries$", upgraded: true},
}

// testBinary compiles the tests of a package.
func testBinary(t *testing.T, folder, dir string) string {
	t.Helper()
	path := filepath.Join(dir, strings.ReplaceAll(folder, "/", "-")+".test")
	cmd := exec.Command("go", "test", "-c", "-tags", "matrix", "-o", path, "./"+folder)
	cmd.Dir = moduleTop
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the tests of %s: %v: %s", folder, err, out)
	}
	return path
}

// realServer is one that .ci/servers got.
type realServer struct{ name, folder string }

// servers returns those that the environment names, as .ci/servers prints them.
func servers(t *testing.T) (list []realServer) {
	t.Helper()
	for line := range strings.Lines(os.Getenv("MATRIX_SERVERS")) {
		if name, folder, found := strings.Cut(strings.TrimSpace(line), " "); found {
			list = append(list, realServer{name, folder})
		}
	}
	if len(list) == 0 {
		t.Fatal("MATRIX_SERVERS is not set: run make matrix")
	}
	return list
}

func (s realServer) mysql() bool { return strings.HasPrefix(s.name, "mysql-") }

func (s realServer) program(name string) string { return filepath.Join(s.folder, "programs", name) }

// env is an environment in which this server is the machine's.
func (s realServer) env() []string {
	env := append(os.Environ(), "PATH="+filepath.Join(s.folder, "programs")+":"+os.Getenv("PATH"),
		"MY_BASEDIR_VERSION="+filepath.Join(s.folder, "usr"))
	if s.mysql() {
		env = append(env, "DBCALM_TEST_MYSQLD="+s.program("mysqld"))
	}
	return env
}

var serverVersion = regexp.MustCompile(`Ver (\d+\.\d+\.\d+)`)

// column is how a server's column is headed.
func (s realServer) column(t *testing.T) string {
	t.Helper()
	product, name := "MariaDB", "mariadbd"
	if s.mysql() {
		product, name = "MySQL", "mysqld"
	}
	out, err := exec.Command(s.program(name), "--no-defaults", "--version").CombinedOutput()
	found := serverVersion.FindSubmatch(out)
	if err != nil || found == nil {
		t.Fatalf("%s does not tell its version: %v: %s", s.folder, err, out)
	}
	return product + " " + string(found[1])
}

var (
	// topTest matches the verdict on a test that is part of no other.
	topTest = regexp.MustCompile(`(?m)^--- (PASS|FAIL|SKIP): (\S+)`)
	subTest = regexp.MustCompile(`(?m)^ +--- (PASS|FAIL|SKIP): (\S+)`)
)

// nothing is the verdict where there is nothing to try, or to try with.
const nothing = "–"

// verdict sums up what a run of tests printed: how many cases there were, or which
// failed. A test that says so is about what the version does not have.
func verdict(out []byte, err error) string {
	cases := len(subTest.FindAll(out, -1))
	var failed []string
	lacking := 0
	tests := topTest.FindAllSubmatch(out, -1)
	for _, test := range tests {
		switch string(test[1]) {
		case "FAIL":
			failed = append(failed, string(test[2]))
		case "SKIP":
			lacking++
		}
	}
	var exit *exec.ExitError
	switch {
	case len(failed) > 0:
		return "**no**: " + strings.Join(failed, ", ")
	case err != nil && !errors.As(err, &exit), err != nil:
		return fmt.Sprintf("**no**: %v", err)
	case len(tests) == 0:
		return "**no**: no test ran"
	case len(tests) == lacking:
		return nothing
	case lacking > 0:
		return fmt.Sprintf("%d right, %d of what it has not", len(tests)-lacking+cases, lacking)
	}
	return fmt.Sprintf("%d right", len(tests)+cases)
}

// newerThan returns the folder of the server that comes after one of the same kind,
// empty for none.
func newerThan(all []realServer, n int) string {
	if n+1 < len(all) && all[n+1].mysql() == all[n].mysql() {
		return all[n+1].folder
	}
	return ""
}

// TestMatrix runs each rung on each server and prints the table. It fails where
// one of the tests did, when all have run.
func TestMatrix(t *testing.T) {
	dir := t.TempDir()
	rows := regexp.MustCompile(os.Getenv("MATRIX_ROWS"))
	binaries := map[string]string{}
	table := readVersions(t, os.Getenv("MATRIX_OUT"))
	all := servers(t)
	for n, s := range all {
		column := s.column(t)
		table.add(column)
		for _, r := range rungs {
			pattern := r.mariadb
			if s.mysql() {
				pattern = r.mysql
			}
			newer := newerThan(all, n)
			if pattern == "" || r.upgraded && newer == "" || !rows.MatchString(r.about) {
				continue
			}
			if binaries[r.folder] == "" {
				binaries[r.folder] = testBinary(t, r.folder, dir)
			}
			cmd := exec.Command(binaries[r.folder], "-test.v", "-test.timeout", "20m", "-test.run", pattern)
			cmd.Dir, cmd.Env = filepath.Join(moduleTop, r.folder), append(s.env(), "MATRIX_FOLDER="+s.folder, "MATRIX_NEWER="+newer)
			out, err := cmd.CombinedOutput()
			word := verdict(out, err)
			table.cells[r.about+column] = word
			if strings.HasPrefix(word, "**no**") {
				t.Errorf("%s, %s:\n%s", s.name, r.about, failures(out))
			}
			fmt.Printf("%s: %s: %s\n", s.name, r.about, word)
			writeMeasured(t, os.Getenv("MATRIX_OUT"), table.String())
		}
	}
	fmt.Print(table)
}

// failures leaves out of a test run's output what went right.
func failures(out []byte) []byte {
	var kept [][]byte
	for line := range bytes.Lines(out) {
		if !bytes.HasPrefix(line, []byte("=== ")) && !bytes.Contains(line, []byte("--- PASS")) {
			kept = append(kept, line)
		}
	}
	if text := bytes.Join(kept, nil); len(text) < 20000 {
		return text
	}
	return bytes.Join(kept[max(0, len(kept)-200):], nil)
}
