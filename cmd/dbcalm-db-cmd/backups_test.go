package main

import (
	"encoding/json"
	"reflect"
	"testing"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/samples"
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/testkit"
)

func TestBackupsList(t *testing.T) {
	t.Parallel()
	in := newInvocation(t, &fakeDaemon{backups: samples.Backups()})
	in.expect(t, exitOK, "backups", "list", "--socket", "/x")
	testkit.Golden(t, "backups/list.txt", in.stdout.String())

	in = newInvocation(t, &fakeDaemon{backups: samples.Backups()[:1]})
	in.expect(t, exitOK, "backups", "list", "--socket", "/x")
	testkit.Golden(t, "backups/list_sound.txt", in.stdout.String())

	in = newInvocation(t, &fakeDaemon{backups: samples.Backups()})
	in.expect(t, exitOK, "backups", "list", "--socket", "/x", "--json")
	var again []api.BackupView
	if err := json.Unmarshal(in.stdout.Bytes(), &again); err != nil || !reflect.DeepEqual(again, samples.Backups()) {
		t.Errorf("the JSON is not the backups (%v):\n%s", err, &in.stdout)
	}
}

func TestBackupsListEmpty(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{"--json": "[]\n", "--json=false": "No backups yet.\n"} {
		in := newInvocation(t, &fakeDaemon{})
		in.expect(t, exitOK, "backups", "list", "--socket", "/x", format)
		if in.stdout.String() != want {
			t.Errorf("got %q, want %q", in.stdout.String(), want)
		}
	}
}

func TestBackupsDelete(t *testing.T) {
	t.Parallel()
	for _, wait := range []string{"--wait", "--wait=false"} {
		d := &fakeDaemon{}
		in := newInvocation(t, d)
		in.expect(t, exitOK, "backups", "delete", "full-1", "--socket", "/x", "--request-id", "r", wait)
		if !reflect.DeepEqual(d.asked, []any{api.DeleteRequest{ID: "full-1", RequestID: "r"}}) {
			t.Errorf("asked %v", d.asked)
		}
		contains(t, "stdout", in.stdout.String(), "Backup full-1 is deleted.\n")
	}
}
