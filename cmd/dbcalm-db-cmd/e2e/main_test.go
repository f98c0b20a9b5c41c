package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
	xtrabackuptest "dbcalm-db-cmd/steps/testkit/xtrabackup"
)

// watchedForRaces are the tests whose daemon has the race detector, if they have
// it themselves: requests and operations side by side, adoption, cancelling, the
// end of the daemon, its metrics and its watchdog. The others drive the program as it
// is shipped, which needs a fraction of the processor; the packages that it
// consists of are all tested with the detector.
var watchedForRaces = []string{
	"TestAdoptsManyAtOnce", "TestAnswersArePrompt", "TestCancelRunning", "TestCancelWhileToolWorks",
	"TestClientsOfOtherPrograms", "TestMetrics", "TestOnFinish", "TestPrune", "TestQueue", "TestQueueOutlivesDaemon",
	"TestRebuildBesideOperations", "TestRequestsSentAgain", "TestRowsEndInOrder", "TestSameIDAtOnce", "TestStopAnswersThoseWhoAsk",
	"TestStopSignals",
	"TestToolRunsOn", "TestVerifyIsCancelled", "TestWatchdogIsFed",
}

// built holds the program, compiled once a test run, for each way to build it.
var built struct {
	sync.Mutex
	dir      string
	programs map[string]string
}

func TestMain(m *testing.M) {
	code := m.Run()
	if built.dir != "" {
		if err := os.RemoveAll(built.dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	if err := xtrabackuptest.Remove(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// watched reports whether the daemon of this test has the race detector.
func watched(t testing.TB) bool {
	name, _, _ := strings.Cut(t.Name(), "/")
	return testkit.RaceDetector && slices.Contains(watchedForRaces, name)
}

// program returns the path of the program built with the given tags, and with
// the race detector where the test is watched for races. It takes a while, and
// hardly a test does without a server.
func program(t testing.TB, tags string) string {
	t.Helper()
	testkit.NeedsServer(t)
	built.Lock()
	defer built.Unlock()
	name := "dbcalm-db-cmd-" + tags
	if watched(t) {
		name += "-race"
	}
	if path, found := built.programs[name]; found {
		return path
	}
	if built.dir == "" {
		dir, err := os.MkdirTemp("", "dbb")
		if err != nil {
			t.Fatal(err)
		}
		built.dir, built.programs = dir, map[string]string{}
	}
	path := filepath.Join(built.dir, name)
	args := []string{"build", "-buildvcs=false", "-o", path}
	if tags != "" {
		args = append(args, "-tags", tags)
	}
	if watched(t) {
		// As the Makefile has it for the tests.
		args = append(args, "-race", "-gcflags=modernc.org/sqlite/lib=-race=false -d=checkptr=0")
	}
	out, err := exec.Command("go", append(args, "dbcalm-db-cmd/cmd/dbcalm-db-cmd")...).CombinedOutput()
	if err != nil {
		t.Fatalf("build program: %v\n%s", err, out)
	}
	built.programs[name] = path
	return path
}

func TestWatchedTestsAreThere(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(text)
	}
	for _, name := range watchedForRaces {
		if !strings.Contains(source.String(), "func "+name+"(") {
			t.Errorf("there is no test %s to watch for races", name)
		}
	}
}
