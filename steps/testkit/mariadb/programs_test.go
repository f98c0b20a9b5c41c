package mariadbtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

func TestMissingProgramNamesThePackages(t *testing.T) {
	t.Parallel()
	_, err := findProgram("mariadbd-of-no-such-name")
	if err == nil || !strings.Contains(err.Error(), "mariadb-server-core") || !strings.Contains(err.Error(), "mariadb-backup") {
		t.Errorf("got %v, want the packages to install", err)
	}
}

func TestServerIsFoundWithoutSbinOnPath(t *testing.T) {
	testkit.NeedsServer(t)
	path := filepath.Join(t.TempDir(), "empty")
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", path)
	if _, err := findPrograms(); err != nil {
		t.Error(err)
	}
}
