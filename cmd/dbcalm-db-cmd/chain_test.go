package main

import (
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/samples"
	"dbcalm-db-cmd/machine/api"
)

func TestChain(t *testing.T) {
	t.Parallel()
	backups := append(samples.Backups(), api.BackupView{ID: "ring-1", FromBackupID: "ring-2"},
		api.BackupView{ID: "ring-2", FromBackupID: "ring-1"}, api.BackupView{ID: "lost-2", FromBackupID: "lost-1"})
	for id, want := range map[string][]string{
		"full-1": {"full-1"},
		"inc-1b": {"full-1", "inc-1b"},
		"inc-3":  {"full-1", "inc-1", "inc-2", "inc-3"},
	} {
		if got, err := chain(backups, id); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v, want %v", id, got, err, want)
		}
	}
	for id, says := range map[string]string{
		"none":   "no backup none is recorded",
		"lost-2": "the chain of lost-2 is broken: lost-1 stands on gone, which is not recorded",
		"ring-1": "the chain of ring-1 has no beginning",
	} {
		got, err := chain(backups, id)
		if err == nil || !strings.Contains(err.Error(), says) || exitCode(err) != exitFailed {
			t.Errorf("%s: %v, %v, want %q", id, got, err, says)
		}
	}
}
