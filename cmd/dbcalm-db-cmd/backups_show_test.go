package main

import (
	"encoding/json"
	"reflect"
	"testing"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/samples"
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/testkit"
)

func TestBackupsShow(t *testing.T) {
	t.Parallel()
	backups := samples.Backups()
	schedule := int64(7)
	for i := range backups {
		if b := &backups[i]; b.ID == "inc-1" {
			b.ScheduleID, b.Tool, b.Operation = &schedule, "mariabackup 10.11.6-MariaDB", "0c8f7f3a-op"
			b.Verified = &api.VerifiedView{Level: api.Level("boot"), At: samples.Noon}
			b.Binlog = &api.BinlogView{File: "mysqld-bin.000007", Position: 329, GTID: "0-1-52",
				Replica: []string{"SET GLOBAL gtid_slave_pos = '0-1-52';", "START SLAVE;"}}
		}
	}
	d := &fakeDaemon{backups: backups}
	in := newInvocation(t, d)
	in.expect(t, exitOK, "backups", "show", "inc-1", "--socket", "/x")
	testkit.Golden(t, "backups/show.txt", in.stdout.String())

	in = newInvocation(t, d)
	in.expect(t, exitOK, "backups", "show", "inc-1", "--json", "--socket", "/x")
	var again backupDetails
	if err := json.Unmarshal(in.stdout.Bytes(), &again); err != nil || again.Binlog == nil || again.Binlog.GTID != "0-1-52" ||
		!reflect.DeepEqual(again.Chain, []string{"full-1", "inc-1"}) || !reflect.DeepEqual(again.StoodOnBy, []string{"inc-2"}) {
		t.Errorf("the JSON: %+v, %v\n%s", again, err, &in.stdout)
	}

	in = newInvocation(t, d)
	in.expect(t, exitFailed, "backups", "show", "nonsense", "--socket", "/x")
	contains(t, "stderr", in.stderr.String(), "there is no backup nonsense: see backups list")
}

// What is amiss is shown, and no chain where there is none.
func TestBackupsShowWhatIsAmiss(t *testing.T) {
	t.Parallel()
	backups := []api.BackupView{{ID: "orphan", FromBackupID: "gone", StartTime: samples.Noon, Problem: "its folder is missing"}}
	in := newInvocation(t, &fakeDaemon{backups: backups})
	in.expect(t, exitOK, "backups", "show", "orphan", "--socket", "/x")
	contains(t, "stdout", in.stdout.String(), "Stands on   gone\n", "Problem     its folder is missing\n")
}
