package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
	xtrabackuptest "dbcalm-db-cmd/steps/testkit/xtrabackup"
)

// built holds the program, compiled once a test run, for each set of tags.
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

// program returns the path of the program built with the given tags, and with
// the race detector if this test has it. It takes a while, and hardly a test
// does without a server.
func program(t testing.TB, tags string) string {
	t.Helper()
	testkit.NeedsServer(t)
	built.Lock()
	defer built.Unlock()
	if path, found := built.programs[tags]; found {
		return path
	}
	if built.dir == "" {
		dir, err := os.MkdirTemp("", "dbb")
		if err != nil {
			t.Fatal(err)
		}
		built.dir, built.programs = dir, map[string]string{}
	}
	path := filepath.Join(built.dir, "dbcalm-db-cmd-"+tags)
	args := []string{"build", "-buildvcs=false", "-o", path}
	if tags != "" {
		args = append(args, "-tags", tags)
	}
	if raceDetector {
		args = append(args, "-race")
	}
	out, err := exec.Command("go", append(args, "dbcalm-db-cmd/cmd/dbcalm-db-cmd")...).CombinedOutput()
	if err != nil {
		t.Fatalf("build program: %v\n%s", err, out)
	}
	built.programs[tags] = path
	return path
}
