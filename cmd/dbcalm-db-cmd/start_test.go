package main

import (
	"reflect"
	"testing"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/samples"
	"dbcalm-db-cmd/machine/api"
)

func TestStartingCommands(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want any
	}{
		{[]string{"backup", "full", "full-9"}, api.BackupRequest{ID: "full-9"}},
		{[]string{"backup", "full", "full-9", "--schedule-id", "0"}, api.BackupRequest{ID: "full-9", ScheduleID: new(int64(0))}},
		{[]string{"backup", "incremental", "inc-9", "--from", "full-1", "--schedule-id", "7"},
			api.BackupRequest{ID: "inc-9", FromBackupID: "full-1", ScheduleID: new(int64(7))}},
		{[]string{"restore", "inc-2", "--target", "database"},
			api.RestoreRequest{IDList: []string{"full-1", "inc-1", "inc-2"}, Target: api.TargetDatabase}},
		{[]string{"restore", "full-2", "--target", "folder"},
			api.RestoreRequest{IDList: []string{"full-2"}, Target: api.TargetFolder}},
		{[]string{"backup", "full", "full-9", "--request-id", "r1"}, api.BackupRequest{ID: "full-9", RequestID: "r1"}},
		{[]string{"backup", "incremental", "inc-9", "--from", "full-1", "--request-id", "r2"},
			api.BackupRequest{ID: "inc-9", FromBackupID: "full-1", RequestID: "r2"}},
		{[]string{"restore", "full-2", "--target", "folder", "--request-id", "r3"},
			api.RestoreRequest{IDList: []string{"full-2"}, Target: api.TargetFolder, RequestID: "r3"}},
	} {
		d := &fakeDaemon{id: samples.FirstID, backups: samples.Backups()}
		in := newInvocation(t, d)
		in.expect(t, exitOK, append(c.args, "--socket", "/x.sock")...)
		if !reflect.DeepEqual(d.asked, []any{c.want}) {
			t.Errorf("%q: asked %+v, want %+v", c.args, d.asked, c.want)
		}
		if in.stdout.String() != samples.FirstID+"\n" {
			t.Errorf("%q: stdout %q, want the id alone", c.args, in.stdout.String())
		}
		want := "Accepted. See how it goes: dbcalm-db-cmd operations show " + samples.FirstID + " --socket /x.sock\n"
		if in.stderr.String() != want {
			t.Errorf("%q: stderr %q, want %q", c.args, in.stderr.String(), want)
		}
	}
}

// An empty request id, as of a variable that is not set, would start the
// operation anew each time.
func TestAnEmptyRequestIDIsNone(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"backup", "full", "x"}, {"backup", "incremental", "x", "--from", "y"}, {"restore", "x", "--target", "folder"}, {"backups",
			"delete", "x"},
	} {
		in := newInvocation(t, nil)
		in.expect(t, exitUsage, append(args, "--request-id", "", "--socket", "/x")...)
		contains(t, "stderr", in.stderr.String(), "--request-id is empty: give it 1 to 128 visible characters, or leave it out")
	}
}

func TestRestoreOfABrokenChainAsksForNothing(t *testing.T) {
	t.Parallel()
	d := &fakeDaemon{id: samples.FirstID, backups: samples.Backups()}
	in := newInvocation(t, d)
	in.expect(t, exitFailed, "restore", "lost-1", "--target", "folder", "--socket", "/x")
	contains(t, "stderr", in.stderr.String(), "lost-1 stands on gone, which is not recorded")
	if len(d.asked) > 0 {
		t.Errorf("asked %v", d.asked)
	}
}
