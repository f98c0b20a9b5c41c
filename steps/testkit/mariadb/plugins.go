package mariadbtest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// pluginsVariable names a folder with plugins of MariaDB's, where they are not
// installed: Debian's package mariadb-server has them.
const pluginsVariable = "DBCALM_TEST_PLUGINS"

// KeyPlugins returns the folder of the plugin that has keys for encryption; empty,
// and says so, where there is none.
func KeyPlugins(t testing.TB) string {
	t.Helper()
	const name = "file_key_management.so"
	folder := os.Getenv(pluginsVariable)
	if folder == "" {
		if _, err := os.Stat(filepath.Join("/usr/lib/mysql/plugin", name)); err != nil {
			fmt.Printf("kit: NO %s, so no tables are encrypted in place; %s names a folder that has it\n", name, pluginsVariable)
			return ""
		}
		return "/usr/lib/mysql/plugin"
	}
	if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
		t.Fatalf("%s: %v", pluginsVariable, err)
	}
	return folder
}
