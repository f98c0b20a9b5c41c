package machine

import (
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// serverWorld is a world whose tool and server are real.
func serverWorld(t *testing.T) (*world, *mariadbtest.Server) {
	t.Helper()
	server := mariadbtest.Start(t)
	return newWorld(t, func(s *steps.Settings) {
		s.BackupBin, s.DataDir, s.CredentialsFile = "", server.DataDir, server.CredentialsFile
	}), server
}

func TestFullAndIncrementalBackup(t *testing.T) {
	t.Parallel()
	w, server := serverWorld(t)
	mariadbtest.FillTables(t, server.DB(), 3, 100)
	w.start()
	schedule := int64(7)
	full := w.accepted(w.FullBackup(t.Context(), api.BackupRequest{ID: "full", ScheduleID: &schedule}))
	_, err := w.FullBackup(t.Context(), api.BackupRequest{ID: "full"})
	refusal(t, err, api.Conflict, "Backup with id 'full' already exists")
	_, err = w.IncrementalBackup(t.Context(), api.BackupRequest{ID: "inc", FromBackupID: "full"})
	refusal(t, err, api.NotFound, "Base backup with id 'full' not found")
	v := w.ends(full, persistence.Succeeded)
	if want := "accept>queued start>validate ok>reserve ok>copy ok>seal ok>publish ok>record ok>done"; events(v) != want {
		t.Errorf("transitions are %s, want %s", events(v), want)
	}
	if v.Args.ID != "full" || v.Args.FromBackupID != "" || *v.Args.ScheduleID != 7 {
		t.Errorf("args: %+v", v.Args)
	}
	server.Exec("UPDATE fill.t000 SET remark = 'changed'")
	inc := w.ends(w.accepted(w.IncrementalBackup(t.Context(), api.BackupRequest{ID: "inc", FromBackupID: "full"})), persistence.Succeeded)
	p := inc.Processes[1]
	if !strings.Contains(p.Command, "--incremental-basedir="+filepath.Join(w.host.Store.BackupDir, "full")) || p.PID == nil ||
		!strings.Contains(p.Output, "completed OK!") {
		t.Errorf("the tool's row: %+v", p)
	}
	list, err := w.Manager.Backups(t.Context())
	if err != nil || len(list) != 2 {
		t.Fatalf("backups: %+v, %v", list, err)
	}
	first, second := list[0], list[1]
	if first.ID != "full" || second.FromBackupID != "full" || first.ToLSN == 0 || second.FromLSN != first.ToLSN ||
		second.ToLSN < second.FromLSN {
		t.Errorf("the chain: %+v", list)
	}
	for _, b := range list {
		if b.Problem != "" || b.Size == nil || *b.Size < 1<<20 || b.EndTime == nil || b.EndTime.Before(b.StartTime) || b.ScheduleID != nil {
			t.Errorf("backup: %+v", b)
		}
	}
	if left := w.names(w.host.Store.BackupDir); left != "full inc" {
		t.Errorf("the store holds %s", left)
	}
	server.Stop()
	_, err = w.FullBackup(t.Context(), api.BackupRequest{ID: "late"})
	refusal(t, err, api.Unavailable, "cannot create backup, MySQL/MariaDB server is not running")
	_, err = w.IncrementalBackup(t.Context(), api.BackupRequest{ID: "late", FromBackupID: "full"})
	refusal(t, err, api.Unavailable, "cannot create backup, MySQL/MariaDB server is not running")
}
