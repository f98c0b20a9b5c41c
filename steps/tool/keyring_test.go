package tool

import (
	"os"
	"slices"
	"testing"

	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/testkit"
)

func TestEncryptionNeedsTheKeyring(t *testing.T) {
	t.Parallel()
	h := newTool(t)
	found := []string{"component component_keyring_file", "2 encrypted tablespaces"}
	if err := h.CheckEncryption("the server uses", nil); err != nil {
		t.Errorf("nothing is encrypted: %v", err)
	}
	testkit.Says(t, h.CheckEncryption("the server uses", found),
		"the server uses encryption (component component_keyring_file, 2 encrypted tablespaces)",
		"name the keyring in backup_args, by --component-keyring-config=FILE")
	h.Args = []string{"--throttle=40"}
	testkit.Says(t, h.CheckEncryption("the server uses", found), "name the keyring in backup_args")
	h.Args = append(h.Args, "--component_keyring_config=/etc/keyring.cnf")
	if err := h.CheckEncryption("the server uses", found); err != nil {
		t.Errorf("the keyring is named: %v", err)
	}
}

func TestKeyringIsAskedForBeforeABackup(t *testing.T) {
	t.Parallel()
	h := newTool(t)
	if err := h.CheckKeyring(t.Context(), server.NewConn(testkit.Recorded(t, nil)), &server.Info{Flavour: server.MariaDB}); err != nil {
		t.Errorf("of MariaDB nothing is asked: %v", err)
	}
	answers := map[string]any{testkit.AskPlugins: []string{"keyring_file"}, testkit.AskComponents: []string(nil),
		testkit.AskEncrypted: []string{"0"}}
	info := server.Info{Flavour: server.MySQL, Version: "8.0.36"}
	testkit.Says(t, h.CheckKeyring(t.Context(), server.NewConn(testkit.Recorded(t, answers)), &info),
		"the server uses encryption (plugin keyring_file)")
	h.Args = []string{"--keyring-file-data=/var/lib/mysql-keyring/keyring"}
	if err := h.CheckKeyring(t.Context(), server.NewConn(testkit.Recorded(t, answers)), &info); err != nil ||
		!slices.Equal(info.Encryption, []string{"plugin keyring_file"}) {
		t.Errorf("the keyring is named: %v, noted is %q", err, info.Encryption)
	}
	testkit.Says(t, h.CheckKeyring(t.Context(), server.NewConn(testkit.Recorded(t, map[string]any{testkit.AskPlugins: os.ErrInvalid})), &info),
		"ask the server for its keyring")
}
