package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
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

func TestMain(m *testing.M) {
	code := m.Run()
	if err := testkit.RemoveBuilt(); err != nil {
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
	name, words := "dbcalm-db-cmd-"+tags, []string{"build", "-buildvcs=false"}
	if tags != "" {
		words = append(words, "-tags", tags)
	}
	if watched(t) {
		name += "-race"
		// As the Makefile has it for the tests.
		words = append(words, "-race", "-gcflags=modernc.org/sqlite/lib=-race=false -d=checkptr=0")
	}
	return testkit.Build(t, name, "dbcalm-db-cmd/cmd/dbcalm-db-cmd", words...)
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
