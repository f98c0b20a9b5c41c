package mariadbtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
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

// MySQLPlugins returns the folder of the components of the MySQL that make matrix
// names.
func MySQLPlugins(t testing.TB) string {
	t.Helper()
	folder := filepath.Join(os.Getenv("MATRIX_FOLDER"), "usr/lib/mysql/plugin")
	if _, err := os.Stat(folder); err != nil {
		t.Fatal(err)
	}
	return folder
}

// keyring is a component of MySQL's, from 8.0.24 on, that has keys for encryption.
const keyring = "component_keyring_file"

// WithKeyring makes the server a MySQL whose programs lie in a folder of their own,
// so that LoadKeyring can give it a keyring.
func WithKeyring(t testing.TB, mysqld, dir string) Option {
	t.Helper()
	// A server reads beside its program which components it begins with, and beside
	// a component how that is set up.
	real, err := filepath.EvalSymlinks(mysqld)
	if err == nil {
		err = os.Symlink(filepath.Join(MySQLPlugins(t), keyring+".so"), filepath.Join(dir, keyring+".so"))
	}
	program, readErr := os.ReadFile(real)
	if err := errors.Join(err, readErr); err != nil {
		t.Fatal(err)
	}
	testkit.Write(t, dir, map[string]string{keyring + ".cnf": `{"path": "` + dir + `/keyring", "read_only": false}`})
	testkit.Program(t, filepath.Join(dir, "mysqld"), string(program))
	return func(o *options) {
		o.mysqld = filepath.Join(dir, "mysqld")
		o.args = append(o.args, "--plugin-dir="+dir)
	}
}

// LoadKeyring gives a server that was made WithKeyring its keyring, from its next
// start on.
func LoadKeyring(t testing.TB, dir string) {
	t.Helper()
	testkit.Write(t, dir, map[string]string{"mysqld.my": `{"components": "file://` + keyring + `"}`})
}
