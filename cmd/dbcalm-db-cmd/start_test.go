package main

import (
	"reflect"
	"testing"

	"dbcalm-db-cmd/machine"
)

func TestStartingCommands(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want any
	}{
		{[]string{"backup", "full", "full-9"}, machine.BackupRequest{ID: "full-9"}},
		{[]string{"backup", "full", "full-9", "--schedule-id", "0"}, machine.BackupRequest{ID: "full-9", ScheduleID: new(int64(0))}},
		{[]string{"backup", "incremental", "inc-9", "--from", "full-1", "--schedule-id", "7"},
			machine.BackupRequest{ID: "inc-9", FromBackupID: "full-1", ScheduleID: new(int64(7))}},
		{[]string{"restore", "inc-2", "--target", "database"},
			machine.RestoreRequest{IDList: []string{"full-1", "inc-1", "inc-2"}, Target: machine.TargetDatabase}},
		{[]string{"restore", "full-2", "--target", "folder"},
			machine.RestoreRequest{IDList: []string{"full-2"}, Target: machine.TargetFolder}},
	} {
		d := &fakeDaemon{id: firstID, backups: sampleBackups()}
		in := newInvocation(t, d)
		in.expect(t, exitOK, append(c.args, "--socket", "/x.sock")...)
		if !reflect.DeepEqual(d.asked, []any{c.want}) {
			t.Errorf("%q: asked %+v, want %+v", c.args, d.asked, c.want)
		}
		if in.stdout.String() != firstID+"\n" {
			t.Errorf("%q: stdout %q, want the id alone", c.args, in.stdout.String())
		}
		want := "Accepted. See how it goes: dbcalm-db-cmd operations show " + firstID + " --socket /x.sock\n"
		if in.stderr.String() != want {
			t.Errorf("%q: stderr %q, want %q", c.args, in.stderr.String(), want)
		}
	}
}

func TestRestoreOfABrokenChainAsksForNothing(t *testing.T) {
	t.Parallel()
	d := &fakeDaemon{id: firstID, backups: sampleBackups()}
	in := newInvocation(t, d)
	in.expect(t, exitFailed, "restore", "lost-1", "--target", "folder", "--socket", "/x")
	contains(t, "stderr", in.stderr.String(), "lost-1 stands on gone, which is not recorded")
	if len(d.asked) > 0 {
		t.Errorf("asked %v", d.asked)
	}
}
