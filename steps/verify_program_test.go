package steps

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// The server that is started on a backup finds the files of its program where
// the one that was backed up has found them.
func TestBootedServerGetsWhatTheRunningOneSaysOfItself(t *testing.T) {
	t.Parallel()
	messages := filepath.Join(t.TempDir(), "messages")
	if err := os.Mkdir(messages, 0o700); err != nil {
		t.Fatal(err)
	}
	k := kits(t)[0]
	k.server = append(k.server, mariadbtest.WithArgs("--lc-messages-dir="+messages))
	b := newKitBench(t, k)
	b.Must(b.take("full", ""))
	program, err := mariadbtest.ServerProgram()
	b.Must(err)
	// One that was moved: what it was built with is not there.
	b.ServerBin = b.Script("mariadbd", `case "$*" in
*--version*) ;;
*--lc-messages-dir=`+messages+`*) ;;
*) echo "1 [ERROR] Can't find messagefile '/built/share/errmsg.sys'" >&2; exit 1 ;;
esac
exec `+program+` "$@"
`)
	task := b.verifyTask(persistence.LevelBoot, "full")
	names := []string{"validate_verify", "stage_scratch", "prepare_full", "prove_tables", "examine_tables", "clean_scratch"}
	if _, err := b.perform(task, names...); err != nil {
		t.Errorf("beside the running server: %v", err)
	}
	b.db.Stop()
	task.Operation = "without"
	_, err = b.perform(task, names...)
	testkit.Says(t, err, "Can't find messagefile", "verify while the server that was backed up runs, so that it can be asked where they are, or correct server_bin")
	if strings.Contains(err.Error(), "is damaged") {
		t.Errorf("the backup is blamed: %v", err)
	}
}
