package main

import (
	"encoding/json"
	"reflect"
	"testing"

	"dbcalm-db-cmd/machine"
	"dbcalm-db-cmd/steps/goldentest"
)

func TestBackupsList(t *testing.T) {
	t.Parallel()
	in := newInvocation(t, &fakeDaemon{backups: sampleBackups()})
	in.expect(t, exitOK, "backups", "list", "--socket", "/x")
	goldentest.Compare(t, "backups/list.txt", in.stdout.String())

	in = newInvocation(t, &fakeDaemon{backups: sampleBackups()[:1]})
	in.expect(t, exitOK, "backups", "list", "--socket", "/x")
	goldentest.Compare(t, "backups/list_sound.txt", in.stdout.String())

	in = newInvocation(t, &fakeDaemon{backups: sampleBackups()})
	in.expect(t, exitOK, "backups", "list", "--socket", "/x", "--json")
	var again []machine.BackupView
	if err := json.Unmarshal(in.stdout.Bytes(), &again); err != nil || !reflect.DeepEqual(again, sampleBackups()) {
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

func TestForestHoldsEveryBackupOnce(t *testing.T) {
	t.Parallel()
	for name, list := range map[string][]machine.BackupView{
		"itself":   {{ID: "a", FromBackupID: "a"}},
		"ring":     {{ID: "a", FromBackupID: "b"}, {ID: "b", FromBackupID: "a"}, {ID: "c", FromBackupID: "b"}},
		"orphans":  {{ID: "a", FromBackupID: "gone"}, {ID: "b", FromBackupID: "a"}},
		"branches": {{ID: "a"}, {ID: "b", FromBackupID: "a"}, {ID: "c", FromBackupID: "a"}, {ID: "d", FromBackupID: "b"}},
	} {
		seen := map[string]int{}
		for _, row := range forest(list) {
			seen[row.backup.ID]++
		}
		for _, b := range list {
			if seen[b.ID] != 1 {
				t.Errorf("%s: %s is drawn %d times", name, b.ID, seen[b.ID])
			}
		}
	}
}

func TestBackupsDelete(t *testing.T) {
	t.Parallel()
	for _, wait := range []string{"--wait", "--wait=false"} {
		d := &fakeDaemon{}
		in := newInvocation(t, d)
		in.expect(t, exitOK, "backups", "delete", "full-1", "--socket", "/x", "--request-id", "r", wait)
		if !reflect.DeepEqual(d.asked, []any{machine.DeleteRequest{ID: "full-1", RequestID: "r"}}) {
			t.Errorf("asked %v", d.asked)
		}
		contains(t, "stdout", in.stdout.String(), "Backup full-1 is deleted.\n")
	}
}
