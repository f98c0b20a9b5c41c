package testkit

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// plain is this test binary without the race detector, once it has been wanted.
var plain struct {
	sync.Mutex
	dir string
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
	plain.Lock()
	defer plain.Unlock()
	path := filepath.Join(plain.dir, "plain.test")
	if plain.dir != "" {
		return path
	}
	dir, err := os.MkdirTemp("", "dbp")
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, "plain.test")
	if out, err := exec.Command("go", "test", "-c", "-vet=off", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatal(errors.Join(fmt.Errorf("build the tests without the race detector: %w\n%s", err, out), os.RemoveAll(dir)))
	}
	plain.dir = dir
	return path
}

// removePlain removes what Plain has built.
func removePlain() error {
	plain.Lock()
	defer plain.Unlock()
	if plain.dir == "" {
		return nil
	}
	err := os.RemoveAll(plain.dir)
	plain.dir = ""
	return err
}
