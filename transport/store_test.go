package transport

import (
	"context"
	"reflect"
	"testing"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/transport/client"
)

// The commands about the store as a whole.

func TestRebuildOverTheWire(t *testing.T) {
	t.Parallel()
	report := api.RebuildReport{Recorded: 3, Findings: []api.Finding{
		{Name: "monday", Found: api.FoundNoRecord, Done: api.DoneRecorded, Advice: "full backup"},
		{Name: "x", Found: api.FoundNoManifest, Advice: "look at it"},
	}}
	var asked []api.RebuildRequest
	server := start(t, &fakeService{rebuild: func(_ context.Context, r api.RebuildRequest) (api.RebuildReport, error) {
		asked = append(asked, r)
		if r.Prune {
			return api.RebuildReport{}, nil
		}
		return report, nil
	}}, Options{})
	got, err := client.Client{Path: server.path}.Rebuild(t.Context(), api.RebuildRequest{})
	if err != nil || !reflect.DeepEqual(got, report) {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, report)
	}
	if _, err := (client.Client{Path: server.path}).Rebuild(t.Context(), api.RebuildRequest{Prune: true}); err != nil {
		t.Error(err)
	}
	for _, test := range []struct{ request, want string }{
		{`{"cmd":"backup_rebuild"}`,
			`{"code":200,"status":"OK","recorded":3,"findings":[` +
				`{"name":"monday","found":"no record","done":"recorded","advice":"full backup"},` +
				`{"name":"x","found":"no manifest","done":"","advice":"look at it"}]}`},
		{`{"cmd":"backup_rebuild","args":{"prune":true}}`, `{"code":200,"status":"OK","recorded":0,"findings":[]}`},
		{`{"cmd":"backup_rebuild","args":{"prune":"yes"}}`,
			`{"code":400,"status":"Bad Request","message":"argument prune: want boolean, got text"}`},
		{`{"cmd":"backup_rebuild","args":{"prune":1}}`,
			`{"code":400,"status":"Bad Request","message":"argument prune: want boolean, got number"}`},
		{`{"cmd":"backup_rebuild","args":{"id":"monday"}}`, `{"code":400,"status":"Bad Request","message":"unknown argument: id"}`},
	} {
		if got := ask(t, server.path, test.request); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.request, got, test.want)
		}
	}
	prunes := 0
	for _, r := range asked {
		if r.Prune {
			prunes++
		}
	}
	if len(asked) != 4 || prunes != 2 {
		t.Errorf("asked %+v", asked)
	}
}

func TestPruneOverTheWire(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	report := api.PruneReport{Retention: api.Retention{Full: 1}, Chains: []api.PrunedChain{
		{Chain: "old", Count: 2, Size: 30, Newest: at, Goes: true, Why: "1 full backup newer", Backups: []string{"old", "old-inc"}, Deleted: 2},
		{Chain: "new", Count: 1, Size: 20, Newest: at, Why: "the newest good chain"},
	}}
	server := start(t, &fakeService{prune: func(_ context.Context, r api.PruneRequest) (api.PruneReport, error) {
		if r.DryRun {
			return api.PruneReport{DryRun: true}, nil
		}
		return report, nil
	}}, Options{})
	got, err := client.Client{Path: server.path}.Prune(t.Context(), api.PruneRequest{})
	if err != nil || !reflect.DeepEqual(got, report) {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, report)
	}
	if got, err := (client.Client{Path: server.path}).Prune(t.Context(), api.PruneRequest{DryRun: true}); err != nil || !got.DryRun {
		t.Errorf("%+v, %v", got, err)
	}
	for _, test := range []struct{ request, want string }{
		{`{"cmd":"prune_backups"}`,
			`{"code":200,"status":"OK","retention":{"full":1,"days":0},"dry_run":false,"chains":[` +
				`{"chain":"old","count":2,"size":30,"newest":"2026-03-04T05:06:07Z","goes":true,` +
				`"why":"1 full backup newer","backups":["old","old-inc"],"deleted":2,"problem":""},` +
				`{"chain":"new","count":1,"size":20,"newest":"2026-03-04T05:06:07Z","goes":false,` +
				`"why":"the newest good chain","deleted":0,"problem":""}]}`},
		{`{"cmd":"prune_backups","args":{"dry_run":true}}`,
			`{"code":200,"status":"OK","retention":{"full":0,"days":0},"dry_run":true,"chains":[]}`},
		{`{"cmd":"prune_backups","args":{"dry_run":"true"}}`,
			`{"code":400,"status":"Bad Request","message":"argument dry_run: want boolean, got text"}`},
	} {
		if got := ask(t, server.path, test.request); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.request, got, test.want)
		}
	}
}
