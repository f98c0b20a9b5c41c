package transport

import (
	"context"
	"reflect"
	"testing"

	"dbcalm-db-cmd/machine"
)

// The commands about the store as a whole.

func TestRebuildOverTheWire(t *testing.T) {
	t.Parallel()
	report := machine.RebuildReport{Recorded: 3, Findings: []machine.Finding{
		{Name: "monday", Found: machine.FoundNoRecord, Done: machine.DoneRecorded, Advice: "full backup"},
		{Name: "x", Found: machine.FoundNoManifest, Advice: "look at it"},
	}}
	var asked []machine.RebuildRequest
	server := start(t, &fakeService{rebuild: func(_ context.Context, r machine.RebuildRequest) (machine.RebuildReport, error) {
		asked = append(asked, r)
		if r.Prune {
			return machine.RebuildReport{}, nil
		}
		return report, nil
	}}, Options{})
	got, err := Client{Path: server.path}.Rebuild(t.Context(), machine.RebuildRequest{})
	if err != nil || !reflect.DeepEqual(got, report) {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, report)
	}
	if _, err := (Client{Path: server.path}).Rebuild(t.Context(), machine.RebuildRequest{Prune: true}); err != nil {
		t.Error(err)
	}
	for request, want := range map[string]string{
		`{"cmd":"backup_rebuild"}`:                        `{"code":200,"status":"OK","recorded":3,"findings":[{"name":"monday","found":"no record","done":"recorded","advice":"full backup"},{"name":"x","found":"no manifest","done":"","advice":"look at it"}]}`,
		`{"cmd":"backup_rebuild","args":{"prune":true}}`:  `{"code":200,"status":"OK","recorded":0,"findings":[]}`,
		`{"cmd":"backup_rebuild","args":{"prune":"yes"}}`: `{"code":400,"status":"Bad Request","message":"argument prune: want boolean, got text"}`,
		`{"cmd":"backup_rebuild","args":{"prune":1}}`:     `{"code":400,"status":"Bad Request","message":"argument prune: want boolean, got number"}`,
		`{"cmd":"backup_rebuild","args":{"id":"monday"}}`: `{"code":400,"status":"Bad Request","message":"unknown argument: id"}`,
	} {
		if got := ask(t, server.path, request); got != want {
			t.Errorf("%s\n got %s\nwant %s", request, got, want)
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
