package steps

import (
	"slices"
	"testing"

	"dbcalm-db-cmd/steps/testkit"

	"github.com/go-sql-driver/mysql"
)

// The questions, as they are asked.
const (
	askPlugins    = "SELECT PLUGIN_NAME FROM information_schema.PLUGINS WHERE PLUGIN_TYPE = 'KEYRING' AND PLUGIN_STATUS = 'ACTIVE'"
	askComponents = "SELECT STATUS_VALUE FROM performance_schema.keyring_component_status WHERE STATUS_KEY = 'Implementation_name' AND 'Active' IN " +
		"(SELECT STATUS_VALUE FROM performance_schema.keyring_component_status WHERE STATUS_KEY = 'Component_status')"
	askEncrypted   = "SELECT COUNT(*) FROM information_schema.INNODB_TABLESPACES WHERE ENCRYPTION = 'Y'"
	askEncrypted57 = "SELECT COUNT(*) FROM information_schema.INNODB_SYS_TABLESPACES WHERE FLAG & 8192"
)

func TestEncryptionIsFound(t *testing.T) {
	t.Parallel()
	none := []string(nil)
	for name, test := range map[string]struct {
		version string
		answers map[string]any
		want    []string
		problem string
	}{
		"8.0, none":          {"8.0.36", map[string]any{askPlugins: none, askComponents: none, askEncrypted: []string{"0"}}, nil, ""},
		"8.0, a component":   {"8.0.36", map[string]any{askPlugins: none, askComponents: []string{"component_keyring_file"}, askEncrypted: []string{"0"}}, []string{"component component_keyring_file"}, ""},
		"8.0, all there is":  {"8.0.36", map[string]any{askPlugins: []string{"keyring_file"}, askComponents: none, askEncrypted: []string{"3"}}, []string{"plugin keyring_file", "3 encrypted tablespaces"}, ""},
		"8.0.24, no table":   {"8.0.24", map[string]any{askPlugins: none, askComponents: &mysql.MySQLError{Number: 1146}, askEncrypted: []string{"0"}}, nil, ""},
		"5.7, a tablespace":  {"5.7.44", map[string]any{askPlugins: none, askEncrypted57: []string{"1"}}, []string{"1 encrypted tablespaces"}, ""},
		"5.6, an old server": {"5.6.51", map[string]any{askPlugins: none, askEncrypted57: &mysql.MySQLError{Number: 1109}}, nil, ""},
		"plugins refused":    {"8.0.36", map[string]any{askPlugins: errCatalog}, nil, "ask the server for its keyring"},
		"components refused": {"8.0.36", map[string]any{askPlugins: none, askComponents: &mysql.MySQLError{Number: 1142, Message: "SELECT command denied"}}, nil, "ask the server for its keyring"},
		"tablespaces refused": {"8.0.36", map[string]any{askPlugins: none, askComponents: none, askEncrypted: &mysql.MySQLError{Number: 1227, Message: "Access denied"}}, nil,
			"ask the server for encrypted tablespaces"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := recorded(t, test.answers).encryption(t.Context(), test.version)
			if test.problem != "" {
				testkit.Says(t, err, test.problem)
			} else if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestEncryptionNeedsTheKeyring(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	found := []string{"component component_keyring_file", "2 encrypted tablespaces"}
	if err := h.checkEncryption("the server uses", nil); err != nil {
		t.Errorf("nothing is encrypted: %v", err)
	}
	testkit.Says(t, h.checkEncryption("the server uses", found), "the server uses encryption (component component_keyring_file, 2 encrypted tablespaces)",
		"name the keyring in backup_args, by --component-keyring-config=FILE")
	h.BackupArgs = []string{"--throttle=40"}
	testkit.Says(t, h.checkEncryption("the server uses", found), "name the keyring in backup_args")
	h.BackupArgs = append(h.BackupArgs, "--component_keyring_config=/etc/keyring.cnf")
	if err := h.checkEncryption("the server uses", found); err != nil {
		t.Errorf("the keyring is named: %v", err)
	}
}

func TestKeyringIsAskedForBeforeABackup(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	if err := h.checkKeyring(t.Context(), recorded(t, nil), &ServerInfo{Flavour: MariaDB}); err != nil {
		t.Errorf("of MariaDB nothing is asked: %v", err)
	}
	answers := map[string]any{askPlugins: []string{"keyring_file"}, askComponents: []string(nil), askEncrypted: []string{"0"}}
	info := ServerInfo{Flavour: MySQL, Version: "8.0.36"}
	testkit.Says(t, h.checkKeyring(t.Context(), recorded(t, answers), &info), "the server uses encryption (plugin keyring_file)")
	h.BackupArgs = []string{"--keyring-file-data=/var/lib/mysql-keyring/keyring"}
	if err := h.checkKeyring(t.Context(), recorded(t, answers), &info); err != nil || !slices.Equal(info.Encryption, []string{"plugin keyring_file"}) {
		t.Errorf("the keyring is named: %v, noted is %q", err, info.Encryption)
	}
	testkit.Says(t, h.checkKeyring(t.Context(), recorded(t, map[string]any{askPlugins: errCatalog}), &info), "ask the server for its keyring")
}

func TestServersTellTheirLSN(t *testing.T) {
	t.Parallel()
	status := func(text string) [][]string { return [][]string{{"InnoDB", "", text}} }
	const (
		percona = "SHOW GLOBAL STATUS LIKE 'Innodb_lsn_current'"
		current = "SHOW GLOBAL STATUS LIKE 'Innodb_redo_log_current_lsn'"
		engine  = "SHOW ENGINE INNODB STATUS"
	)
	for name, test := range map[string]struct {
		answers map[string]any
		want    uint64
		problem string
	}{
		"Percona Server": {map[string]any{percona: [][]string{{"Innodb_lsn_current", "18446744073709551615"}}}, 18446744073709551615, ""},
		"MySQL 8.0.36":   {map[string]any{percona: []string{}, current: [][]string{{"Innodb_redo_log_current_lsn", "19638473"}}}, 19638473, ""},
		"MySQL 5.6":      {map[string]any{percona: []string{}, current: []string{}, engine: status("\n---\nLOG\n---\nLog sequence number 1626027\nLog flushed up to   1626020\n")}, 1626027, ""},
		"MySQL 8.0.20": {map[string]any{percona: []string{}, current: []string{}, engine: status("LOG\n---\nLog sequence number          19612345\nLog buffer assigned up to    19612345\n")},
			19612345, ""},
		"one that does not say":  {map[string]any{percona: []string{}, current: []string{}, engine: &mysql.MySQLError{Number: 1227}}, 0, ""},
		"one that says nonsense": {map[string]any{percona: [][]string{{"Innodb_lsn_current", "many"}}}, 0, `"many" is no number`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := recorded(t, test.answers).lsn(t.Context())
			if test.problem != "" {
				testkit.Says(t, err, test.problem)
			} else if err != nil || got != test.want {
				t.Errorf("got %d, %v, want %d", got, err, test.want)
			}
		})
	}
}
