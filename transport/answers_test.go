package transport

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/machine/api"
)

// The answers of the wire, to the letter.

func TestAnswersOfSuccess(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 5, 6, 7, 890000000, time.UTC)
	size, parent := int64(1234), int64(7)
	summary := api.OperationSummary{
		ID: anOperation, Machine: "full_backup", Backup: "b1", State: "copy", Status: "running", Attempt: 1, CreatedAt: at, StartedAt: &at,
	}
	server := start(t, &fakeService{
		operations: func(context.Context, api.OperationFilter) ([]api.OperationSummary, error) {
			return []api.OperationSummary{summary}, nil
		},
		operation: func(context.Context, string) (api.OperationView, error) {
			return api.OperationView{
				OperationSummary: summary,
				Args:             api.Args{ID: "b1", ScheduleID: &parent},
				Cancellable:      true,
				Transitions: []api.TransitionView{{Seq: 1, From: "waiting", Event: "start", To: "validate", Attempt: 1,
					At: at, Reason: "a <b> & 'c'"}},
			}, nil
		},
		retry: func(context.Context, string) (api.RetryDecision, error) {
			return api.RetryDecision{State: "copy", Attempt: 2, Reason: "nothing was copied"}, nil
		},
		backups: func(context.Context) ([]api.BackupView, error) {
			return []api.BackupView{{ID: "b1", StartTime: at, EndTime: &at, Size: &size, Form: "stream+zstd", FromLSN: 1, ToLSN: 2,
				Verified: &api.VerifiedView{Level: "boot", At: at}}, {ID: "b2", StartTime: at, Problem: "no"}}, nil
		},
	}, Options{})

	const accepted = `{"code":202,"status":"Accepted","id":"` + anOperation + `"}`
	for _, test := range []struct{ request, want string }{
		{`{"cmd":"full_backup","args":{"id":"b1"}}`, accepted},
		{`{"cmd":"full_backup","args":{"id":"b1","schedule_id":7}}`, accepted},
		{`{"cmd":"full_backup","args":{"id":"b1","schedule_id":null,"from_backup_id":null,"x":null},"y":null}`, accepted},
		{`{"cmd":"incremental_backup","args":{"id":"b2","from_backup_id":"b1"}}`, accepted},
		{`{"cmd":"restore_backup","args":{"id_list":["b1","b2"],"target":"folder"}}`, accepted},
		{"\r\n\t { \"args\" : { \"target\" : \"database\" , \"id_list\" : [ \"b1\" ] } , \"cmd\" : \"restore_backup\" } trailing", accepted},
		{`{"cmd":"delete_backup","args":{"id":"b1"}}`, `{"code":200,"status":"OK"}`},
		{`{"cmd":"verify_backup","args":{"id":"b1"}}`, accepted},
		{`{"cmd":"verify_backup","args":{"id":"b1","level":"boot","request_id":"again"}}`, accepted},
		{`{"cmd":"operation_cancel","args":{"id":"op-1"}}`, `{"code":200,"status":"OK","id":"op-1"}`},
		{`{"cmd":"operation_retry","args":{"id":"op-1"}}`,
			`{"code":202,"status":"Accepted","id":"op-1","state":"copy","attempt":2,"reason":"nothing was copied"}`},
		{`{"cmd":"operation_list"}`,
			`{"code":200,"status":"OK","operations":[{"id":"` + anOperation + `","machine":"full_backup","backup":"b1",` +
				`"state":"copy","status":"running","attempt":1,"error":"",` +
				`"created_at":"2026-03-04T05:06:07.89Z","started_at":"2026-03-04T05:06:07.89Z","finished_at":null}]}`},
		{`{"cmd":"operation_show","args":{"id":"op-1"}}`,
			`{"code":200,"id":"` + anOperation + `","machine":"full_backup","backup":"b1",` +
				`"state":"copy","status":"running","attempt":1,"error":"",` +
				`"created_at":"2026-03-04T05:06:07.89Z","started_at":"2026-03-04T05:06:07.89Z","finished_at":null,` +
				`"args":{"id":"b1","schedule_id":7},"cancellable":true,` +
				`"transitions":[{"seq":1,"from":"waiting","event":"start","to":"validate","attempt":1,"at":"2026-03-04T05:06:07.89Z",` +
				`"reason":"a <b> & 'c'"}],"processes":[]}`},
		{`{"cmd":"backup_list","args":null}`,
			`{"code":200,"status":"OK","backups":[{"id":"b1","from_backup_id":"","schedule_id":null,` +
				`"start_time":"2026-03-04T05:06:07.89Z","end_time":"2026-03-04T05:06:07.89Z","size":1234,"form":"stream+zstd",` +
				`"from_lsn":1,"to_lsn":2,"verified":{"level":"boot","at":"2026-03-04T05:06:07.89Z"},"problem":""},` +
				`{"id":"b2","from_backup_id":"","schedule_id":null,"start_time":"2026-03-04T05:06:07.89Z","end_time":null,"size":null,` +
				`"form":"","from_lsn":0,"to_lsn":0,"verified":null,"problem":"no"}]}`},
	} {
		if got := ask(t, server.path, test.request); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.request, got, test.want)
		}
	}
}

func TestEmptyListsAreLists(t *testing.T) {
	t.Parallel()
	server := start(t, &fakeService{}, Options{})
	for request, want := range map[string]string{
		`{"cmd":"operation_list","args":{"limit":1000,"state":"failed"}}`: `{"code":200,"status":"OK","operations":[]}`,
		`{"cmd":"backup_list","args":{}}`:                                 `{"code":200,"status":"OK","backups":[]}`,
	} {
		if got := ask(t, server.path, request); got != want {
			t.Errorf("%s\n got %s\nwant %s", request, got, want)
		}
	}
}

func TestAnswersOfRefusal(t *testing.T) {
	t.Parallel()
	const internal = `{"code":500,"status":"Internal Server Error","message":"internal error; the daemon's log says more"}`
	refusals := map[string]struct {
		err  error
		want string
	}{
		"invalid": {&api.Error{Kind: api.Invalid, Message: "no"}, `{"code":400,"status":"Bad Request","message":"no"}`},
		"notfound": {&api.Error{Kind: api.NotFound, Message: "Backup with id 'X' not found"},
			`{"code":404,"status":"Not Found","message":"Backup with id 'X' not found"}`},
		"conflict": {&api.Error{Kind: api.Conflict, Message: "Backup with id 'X' already exists"},
			`{"code":409,"status":"Conflict","message":"Backup with id 'X' already exists"}`},
		"unavailable": {&api.Error{Kind: api.Unavailable, Message: "cannot create backup, MySQL/MariaDB server is not running"},
			`{"code":503,"status":"Service Unavailable","message":"cannot create backup, MySQL/MariaDB server is not running"}`},
		"told": {&api.Error{Message: "the disk is full", Err: errors.New("secret")},
			`{"code":500,"status":"Internal Server Error","message":"the disk is full"}`},
		"wrapped": {fmt.Errorf("begin: %w", &api.Error{Kind: api.Conflict, Message: "taken"}),
			`{"code":409,"status":"Conflict","message":"taken"}`},
		"mute":      {&api.Error{}, internal},
		"other":     {errors.New("secret"), internal},
		"cancelled": {context.Canceled, internal},
	}
	refuse := func(id string) error { return refusals[id].err }
	server := start(t, &fakeService{
		fullBackup: func(_ context.Context, request api.BackupRequest) (string, error) { return "", refuse(request.ID) },
		incrementalBackup: func(_ context.Context, request api.BackupRequest) (string, error) {
			return "", refuse(request.ID)
		},
		restoreBackup: func(_ context.Context, request api.RestoreRequest) (string, error) {
			return "", refuse(request.IDList[0])
		},
		verifyBackup: func(_ context.Context, request api.VerifyRequest) (string, error) { return "", refuse(request.ID) },
		deleteBackup: func(_ context.Context, request api.DeleteRequest) error { return refuse(request.ID) },
		operation: func(_ context.Context, id string) (api.OperationView, error) {
			return api.OperationView{}, refuse(id)
		},
		cancel: func(_ context.Context, id string) error { return refuse(id) },
		retry: func(_ context.Context, id string) (api.RetryDecision, error) {
			return api.RetryDecision{}, refuse(id)
		},
		operations: func(_ context.Context, filter api.OperationFilter) ([]api.OperationSummary, error) {
			return nil, refuse(filter.State)
		},
	}, Options{})
	requests := []string{
		`{"cmd":"full_backup","args":{"id":"%s"}}`,
		`{"cmd":"incremental_backup","args":{"id":"%s","from_backup_id":"x"}}`,
		`{"cmd":"restore_backup","args":{"id_list":["%s"],"target":"database"}}`,
		`{"cmd":"verify_backup","args":{"id":"%s"}}`,
		`{"cmd":"delete_backup","args":{"id":"%s"}}`,
		`{"cmd":"operation_show","args":{"id":"%s"}}`,
		`{"cmd":"operation_cancel","args":{"id":"%s"}}`,
		`{"cmd":"operation_retry","args":{"id":"%s"}}`,
		`{"cmd":"operation_list","args":{"state":"%s"}}`,
	}
	for id, refusal := range refusals {
		for _, request := range requests {
			request = fmt.Sprintf(request, id)
			if got := ask(t, server.path, request); got != refusal.want {
				t.Errorf("%s\n got %s\nwant %s", request, got, refusal.want)
			}
		}
	}
}

func TestAPanicIsA500AndALogLine(t *testing.T) {
	t.Parallel()
	server := start(t, &fakeService{
		fullBackup: func(context.Context, api.BackupRequest) (string, error) { panic("a bug") },
	}, Options{})
	const want = `{"code":500,"status":"Internal Server Error","message":"internal error; the daemon's log says more"}`
	if got := ask(t, server.path, `{"cmd":"full_backup","args":{"id":"b1"}}`); got != want {
		t.Errorf("got %s", got)
	}
	line := server.line(t, "command answered")
	if cause, _ := line["error"].(string); !strings.HasPrefix(cause, "panic: a bug\n") || !strings.Contains(cause, "answers_test.go") {
		t.Errorf("log line without the panic and its place: %v", line)
	}
	if line["level"] != "error" || line["command"] != "full_backup" {
		t.Errorf("log line: %v", line)
	}
	if got := ask(t, server.path, `{"cmd":"delete_backup","args":{"id":"b1"}}`); got != `{"code":200,"status":"OK"}` {
		t.Errorf("after the panic: %s", got)
	}
}

func TestAnAnswerThatCannotBeEncodedIsA500(t *testing.T) {
	t.Parallel()
	server := start(t, &fakeService{
		backups: func(context.Context) ([]api.BackupView, error) {
			return []api.BackupView{{StartTime: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}}, nil
		},
	}, Options{})
	const want = `{"code":500,"status":"Internal Server Error","message":"internal error; the daemon's log says more"}`
	if got := ask(t, server.path, `{"cmd":"backup_list"}`); got != want {
		t.Errorf("got %s", got)
	}
}
