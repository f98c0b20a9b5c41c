package server

import (
	"slices"
	"testing"

	"github.com/go-sql-driver/mysql"

	"dbcalm-db-cmd/steps/testkit"
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
		"8.0, none": {"8.0.36",
			map[string]any{testkit.AskPlugins: none, testkit.AskComponents: none, testkit.AskEncrypted: []string{"0"}}, nil, ""},
		"8.0, a component": {"8.0.36", map[string]any{testkit.AskPlugins: none, testkit.AskComponents: []string{"component_keyring_file"},
			testkit.AskEncrypted: []string{"0"}}, []string{"component component_keyring_file"}, ""},
		"8.0, all there is": {"8.0.36", map[string]any{testkit.AskPlugins: []string{"keyring_file"}, testkit.AskComponents: none,
			testkit.AskEncrypted: []string{"3"}}, []string{"plugin keyring_file", "3 encrypted tablespaces"}, ""},
		"8.0.24, no table": {"8.0.24", map[string]any{testkit.AskPlugins: none, testkit.AskComponents: &mysql.MySQLError{Number: 1146},
			testkit.AskEncrypted: []string{"0"}}, nil, ""},
		"5.7, a tablespace": {"5.7.44", map[string]any{testkit.AskPlugins: none, testkit.AskEncrypted57: []string{"1"}},
			[]string{"1 encrypted tablespaces"}, ""},
		"5.6, an old server": {"5.6.51",
			map[string]any{testkit.AskPlugins: none, testkit.AskEncrypted57: &mysql.MySQLError{Number: 1109}}, nil, ""},
		"plugins refused": {"8.0.36", map[string]any{testkit.AskPlugins: errAsked}, nil, "ask the server for its keyring"},
		"components refused": {"8.0.36", map[string]any{testkit.AskPlugins: none,
			testkit.AskComponents: &mysql.MySQLError{Number: 1142, Message: "SELECT command denied"}}, nil, "ask the server for its keyring"},
		"tablespaces refused": {"8.0.36", map[string]any{testkit.AskPlugins: none, testkit.AskComponents: none,
			testkit.AskEncrypted: &mysql.MySQLError{Number: 1227, Message: "Access denied"}}, nil,
			"ask the server for encrypted tablespaces"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := NewConn(testkit.Recorded(t, test.answers)).Encryption(t.Context(), test.version)
			if test.problem != "" {
				testkit.Says(t, err, test.problem)
			} else if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
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
		"MySQL 5.6": {map[string]any{percona: []string{}, current: []string{},
			engine: status("\n---\nLOG\n---\nLog sequence number 1626027\nLog flushed up to   1626020\n")}, 1626027, ""},
		"MySQL 8.0.20": {map[string]any{percona: []string{}, current: []string{},
			engine: status("LOG\n---\nLog sequence number          19612345\nLog buffer assigned up to    19612345\n")},
			19612345, ""},
		"one that does not say":  {map[string]any{percona: []string{}, current: []string{}, engine: &mysql.MySQLError{Number: 1227}}, 0, ""},
		"one that says nonsense": {map[string]any{percona: [][]string{{"Innodb_lsn_current", "many"}}}, 0, `"many" is no number`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := NewConn(testkit.Recorded(t, test.answers)).lsn(t.Context())
			if test.problem != "" {
				testkit.Says(t, err, test.problem)
			} else if err != nil || got != test.want {
				t.Errorf("got %d, %v, want %d", got, err, test.want)
			}
		})
	}
}
