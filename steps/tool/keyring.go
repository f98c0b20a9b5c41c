package tool

import (
	"context"
	"fmt"
	"strings"

	"dbcalm-db-cmd/steps/server"
)

// keyringOptions are the tool's options by which it finds a server's keyring.
// https://docs.percona.com/percona-xtrabackup/8.4/encrypted-innodb-tablespace-backups.html
var keyringOptions = []string{"component-keyring-config", "component-keyring-file-config", "keyring-file-data",
	"keyring-vault-config", "generate-transition-key"}

// CheckEncryption refuses what the tool would back up and then not prepare.
func (t *Tool) CheckEncryption(whose string, found []string) error {
	if len(found) == 0 {
		return nil
	}
	for _, arg := range t.Args {
		for _, name := range keyringOptions {
			if optionName(arg) == name {
				return nil
			}
		}
	}
	return fmt.Errorf("%s encryption (%s), and without its keyring XtraBackup cannot prepare such a backup: "+
		"name the keyring in backup_args, by --component-keyring-config=FILE for a component, "+
		"--keyring-file-data=FILE or --keyring-vault-config=FILE for a plugin",
		whose, strings.Join(found, ", "))
}

// CheckKeyring refuses a MySQL server whose backups could not be prepared, and
// notes in info what makes them need a keyring.
func (t *Tool) CheckKeyring(ctx context.Context, s *server.Conn, info *server.Info) (err error) {
	if info.Flavour != server.MySQL {
		return nil
	}
	if info.Encryption, err = s.Encryption(ctx, info.Version); err != nil {
		return err
	}
	return t.CheckEncryption("the server uses", info.Encryption)
}
