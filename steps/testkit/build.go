package testkit

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// built are the programs that tests have had built, by their names, and the folder
// they are in.
var built struct {
	sync.Mutex
	dir      string
	programs map[string]string
}

// Build returns the path of a program that the go command builds of a package of
// this module with so many words: once a test run for each name.
func Build(t testing.TB, name, of string, words ...string) string {
	t.Helper()
	built.Lock()
	defer built.Unlock()
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
	if out, err := exec.Command("go", slices.Concat(words, []string{"-o", path, of})...).CombinedOutput(); err != nil {
		t.Fatal(fmt.Errorf("build %s: %w\n%s", name, err, out))
	}
	built.programs[name] = path
	return path
}

// Plain returns the path of this test binary built without the race detector, for
// tests that start hundreds of processes of it: under the detector each takes a
// multiple of the time only to begin. What those do must be watched for races by
// the tests of its own package. It is empty where the tests run without the detector.
func Plain(t testing.TB) string {
	t.Helper()
	if !RaceDetector {
		return ""
	}
	return Build(t, "plain.test", ".", "test", "-c", "-vet=off")
}

// RemoveBuilt removes what Build has built; Main does it when all tests have ended.
func RemoveBuilt() error {
	built.Lock()
	defer built.Unlock()
	if built.dir == "" {
		return nil
	}
	err := os.RemoveAll(built.dir)
	built.dir, built.programs = "", nil
	return err
}
