package transport

import (
	"testing"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/transport/client"
)

func TestPlansReachTheClient(t *testing.T) {
	t.Parallel()
	r := start(t, &fakeService{}, Options{})
	client := client.Client{Path: r.path}
	for _, request := range []api.BackupRequest{{ID: "new"}, {ID: "new", FromBackupID: "old"}} {
		if p, err := client.PlanBackup(t.Context(), request); err != nil || !p.Goes || p.Result != "new" {
			t.Errorf("got %+v, %v", p, err)
		}
	}
	p, err := client.PlanRestore(t.Context(), api.RestoreRequest{IDList: []string{"full"}, Target: api.TargetFolder})
	if err != nil || p.Goes || len(p.Checks) != 1 || p.Checks[0].About != "backup full" {
		t.Errorf("got %+v, %v", p, err)
	}
}
