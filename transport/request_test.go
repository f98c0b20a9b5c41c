package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/transport/wire"
)

func TestRefusedRequests(t *testing.T) {
	t.Parallel()
	const rule = "use 1 to 128 letters, digits, '.', '_', '-' or ':', not '.' or '-' first, and neither 'restores' nor 'tmp'"
	const big = "9223372036854775808"
	const requestRule = "use 1 to 128 visible ASCII characters, such as a UUID"
	long := strings.Repeat("r", 129)
	server := start(t, &fakeService{}, Options{})
	for _, test := range []struct{ request, want string }{
		// The envelope.
		{`{}`, "Missing required argument: cmd"},
		{`{"args":{"id":"x"}}`, "Missing required argument: cmd"},
		{`{"cmd":null}`, "Missing required argument: cmd"},
		{`{"CMD":"full_backup"}`, "Missing required argument: cmd"},
		{`{"cmd":5}`, "argument cmd: want text, got number"},
		{`{"cmd":["x"]}`, "argument cmd: want text, got list"},
		{`{"cmd":"format_disk","args":{}}`, "Unknown command: format_disk"},
		{`{"cmd":"Full_Backup","args":{}}`, "Unknown command: Full_Backup"},
		{`{"cmd":""}`, "Unknown command: "},
		{`{"cmd":"backup_list","args":[]}`, "argument args: want object, got list"},
		{`{"cmd":"backup_list","args":"x"}`, "argument args: want object, got text"},
		{`{"cmd":"backup_list","args":true}`, "argument args: want object, got boolean"},
		{`{"cmd":"backup_list","extra":1}`, "unknown argument: extra"},
		{`{"cmd":"backup_list","Args":{}}`, "unknown argument: Args"},
		{`{"cmd":"backup_list","cmd":"backup_list"}`, "argument given twice: cmd"},
		{`{"cmd":"delete_backup","args":{"id":"a","id":null}}`, "argument given twice: id"},
		{`{"cmd":"backup_list","args":{"id":"x"}}`, "unknown argument: id"},
		{`{"cmd":"full_backup","args":{"id":"x","from_backup_id":"y"}}`, "unknown argument: from_backup_id"},
		{`{"cmd":"full_backup","args":{"id":"x","b":1,"a":2}}`, "unknown argument: b"},
		{`{"cmd":"full_backup","args":{"id":5,"b":1}}`, "unknown argument: b"},
		{`{"cmd":"restore_backup","args":{"id_list":["x"],"Target":"a"}}`, "Missing required argument: target"},

		// Missing arguments.
		{`{"cmd":"full_backup"}`, "Missing required argument: id"},
		{`{"cmd":"full_backup","args":{"id":null}}`, "Missing required argument: id"},
		{`{"cmd":"full_backup","args":{"ID":"x"}}`, "Missing required argument: id"},
		{`{"cmd":"incremental_backup","args":{}}`, "Missing required argument: id"},
		{`{"cmd":"incremental_backup","args":{"id":"x"}}`, "Missing required argument: from_backup_id"},
		{`{"cmd":"incremental_backup","args":{"from_backup_id":"x"}}`, "Missing required argument: id"},
		{`{"cmd":"restore_backup","args":{"target":"folder"}}`, "Missing required argument: id_list"},
		{`{"cmd":"restore_backup","args":{"id_list":["x"]}}`, "Missing required argument: target"},
		{`{"cmd":"delete_backup","args":{}}`, "Missing required argument: id"},
		{`{"cmd":"verify_backup","args":{"level":"files"}}`, "Missing required argument: id"},
		{`{"cmd":"operation_show"}`, "Missing required argument: id"},
		{`{"cmd":"operation_cancel","args":{}}`, "Missing required argument: id"},
		{`{"cmd":"operation_retry","args":{}}`, "Missing required argument: id"},

		// Wrong types.
		{`{"cmd":"verify_backup","args":{"id":"x","level":5}}`, "argument level: want text, got number"},
		{`{"cmd":"verify_backup","args":{"id":"x","level":"deep"}}`, "argument level: want one of [files checksum prepare boot], got 'deep'"},
		{`{"cmd":"verify_backup","args":{"id":"x","level":""}}`, "argument level: want one of [files checksum prepare boot], got ''"},
		{`{"cmd":"verify_backup","args":{"id":"../x"}}`, "argument id: '../x' cannot be the id of a backup: " + rule},
		{`{"cmd":"full_backup","args":{"id":5}}`, "argument id: want text, got number"},
		{`{"cmd":"full_backup","args":{"id":true}}`, "argument id: want text, got boolean"},
		{`{"cmd":"full_backup","args":{"id":{}}}`, "argument id: want text, got object"},
		{`{"cmd":"full_backup","args":{"id":"x","schedule_id":"5"}}`, "argument schedule_id: want an integer, got text"},
		{`{"cmd":"full_backup","args":{"id":"x","schedule_id":5.0}}`, "argument schedule_id: want an integer, got 5.0"},
		{`{"cmd":"full_backup","args":{"id":"x","schedule_id":1e3}}`, "argument schedule_id: want an integer, got 1e3"},
		{`{"cmd":"full_backup","args":{"id":"x","schedule_id":1E3}}`, "argument schedule_id: want an integer, got 1E3"},
		{`{"cmd":"full_backup","args":{"id":"x","schedule_id":false}}`, "argument schedule_id: want an integer, got boolean"},
		{`{"cmd":"full_backup","args":{"id":"x","schedule_id":` + big + `}}`, "argument schedule_id: want an integer of 64 bits, got " + big},
		{`{"cmd":"restore_backup","args":{"id_list":"x","target":"folder"}}`, "argument id_list: want list, got text"},
		{`{"cmd":"restore_backup","args":{"id_list":[1],"target":"folder"}}`, "argument id_list[0]: want text, got number"},
		{`{"cmd":"restore_backup","args":{"id_list":["x",null],"target":"folder"}}`, "argument id_list[1]: want text, got null"},
		{`{"cmd":"restore_backup","args":{"id_list":["x"],"target":1}}`, "argument target: want text, got number"},
		{`{"cmd":"operation_list","args":{"limit":"5"}}`, "argument limit: want an integer, got text"},
		{`{"cmd":"operation_list","args":{"state":5}}`, "argument state: want text, got number"},
		{`{"cmd":"operation_list","args":{"id_prefix":5}}`, "argument id_prefix: want text, got number"},
		{`{"cmd":"operation_list","args":{"id_prefix":""}}`, "argument id_prefix: want the first letters of an operation's id, 1 to 128 bytes, got 0"},
		{`{"cmd":"operation_list","args":{"id_prefix":"8f","state":"failed"}}`,
			"arguments state and id_prefix: want one of them, got both"},
		{`{"cmd":"operation_show","args":{"id":5}}`, "argument id: want text, got number"},

		// Wrong values.
		{`{"cmd":"full_backup","args":{"id":""}}`, "argument id: '' cannot be the id of a backup: " + rule},
		{`{"cmd":"full_backup","args":{"id":"../etc"}}`, "argument id: '../etc' cannot be the id of a backup: " + rule},
		{`{"cmd":"full_backup","args":{"id":"tmp"}}`, "argument id: 'tmp' cannot be the id of a backup: " + rule},
		{`{"cmd":"delete_backup","args":{"id":"restores"}}`, "argument id: 'restores' cannot be the id of a backup: " + rule},
		{`{"cmd":"incremental_backup","args":{"id":"x","from_backup_id":"a/b"}}`,
			"argument from_backup_id: 'a/b' cannot be the id of a backup: " + rule},
		{`{"cmd":"incremental_backup","args":{"id":"x","from_backup_id":"x"}}`,
			"argument from_backup_id: 'x' cannot stand on itself; give the id of another backup"},
		{`{"cmd":"restore_backup","args":{"id_list":[],"target":"folder"}}`, "argument id_list: want at least one id, got an empty list"},
		{`{"cmd":"restore_backup","args":{"id_list":["a","-b"],"target":"folder"}}`,
			"argument id_list[1]: '-b' cannot be the id of a backup: " + rule},
		{`{"cmd":"restore_backup","args":{"id_list":["a"],"target":"Folder"}}`, "argument target: want 'database' or 'folder', got 'Folder'"},
		{`{"cmd":"restore_backup","args":{"id_list":["a"],"target":""}}`, "argument target: want 'database' or 'folder', got ''"},
		{`{"cmd":"operation_list","args":{"limit":0}}`, "argument limit: want 1 to 1000, got 0"},
		{`{"cmd":"operation_list","args":{"limit":1001}}`, "argument limit: want 1 to 1000, got 1001"},
		{`{"cmd":"operation_list","args":{"limit":-1}}`, "argument limit: want 1 to 1000, got -1"},
		{`{"cmd":"operation_list","args":{"state":"` + strings.Repeat("s", 129) + `"}}`, "argument state: want at most 128 bytes, got 129"},
		{`{"cmd":"operation_show","args":{"id":""}}`, "argument id: want the id of an operation, 1 to 128 bytes, got 0"},
		{`{"cmd":"operation_cancel","args":{"id":"` + strings.Repeat("o", 129) + `"}}`,
			"argument id: want the id of an operation, 1 to 128 bytes, got 129"},

		{`{"cmd":"full_backup","args":{"id":"a","request_id":""}}`, "argument request_id: '' cannot name a request: " + requestRule},
		{`{"cmd":"delete_backup","args":{"id":"a","request_id":"a b"}}`, "argument request_id: 'a b' cannot name a request: " + requestRule},
		{`{"cmd":"delete_backup","args":{"id":"a","request_id":"\u0000"}}`, "argument request_id: '\\x00' cannot name a request: " + requestRule},
		{`{"cmd":"incremental_backup","args":{"id":"a","from_backup_id":"b","request_id":"ä"}}`,
			"argument request_id: 'ä' cannot name a request: " + requestRule},
		{`{"cmd":"restore_backup","args":{"id_list":["a"],"target":"folder","request_id":"` + long + `"}}`,
			"argument request_id: '" + long + "' cannot name a request: " + requestRule},
		{`{"cmd":"full_backup","args":{"id":"a","request_id":5}}`, "argument request_id: want text, got number"},
		{`{"cmd":"backup_list","args":{"request_id":"r"}}`, "unknown argument: request_id"},

		// The framing.
		{`hello`, `request is not a JSON object: it starts with "h"`},
		{` [1]`, `request is not a JSON object: it starts with "["`},
		{`{"cmd": tru }`, "request is not valid JSON: invalid character ' ' in literal true (expecting 'e'), at byte 12"},
		{`{'cmd':'x'}`, `request is not valid JSON: invalid character '\'' looking for beginning of object key string, at byte 2`},
		{`{"cmd":"backup_list"  ,  }`, "request is not valid JSON: invalid character '}' looking for beginning of object key string, at byte 26"},
	} {
		answer, err := json.Marshal(wire.Envelope{Head: wire.HeadOf(wire.CodeInvalid), Message: test.want})
		if err != nil {
			t.Fatal(err)
		}
		if got := ask(t, server.path, test.request); got != string(answer) {
			t.Errorf("%s\n got %s\nwant %s", test.request, got, answer)
		}
	}
}

func TestRequestsReachTheService(t *testing.T) {
	t.Parallel()
	asked := make(chan any, 1)
	server := start(t, &fakeService{
		fullBackup: func(_ context.Context, request api.BackupRequest) (string, error) {
			asked <- request
			return "op", nil
		},
		incrementalBackup: func(_ context.Context, request api.BackupRequest) (string, error) {
			asked <- request
			return "op", nil
		},
		restoreBackup: func(_ context.Context, request api.RestoreRequest) (string, error) {
			asked <- request
			return "op", nil
		},
		deleteBackup: func(_ context.Context, request api.DeleteRequest) error {
			asked <- request
			return nil
		},
		verifyBackup: func(_ context.Context, request api.VerifyRequest) (string, error) {
			asked <- request
			return "op", nil
		},
		operations: func(_ context.Context, filter api.OperationFilter) ([]api.OperationSummary, error) {
			asked <- filter
			return nil, nil
		},
	}, Options{})
	schedule, negative := int64(9223372036854775807), int64(-3)
	for _, test := range []struct {
		request string
		want    any
	}{
		{`{"cmd":"full_backup","args":{"id":"A.b_c-1:2"}}`, api.BackupRequest{ID: "A.b_c-1:2"}},
		{`{"cmd":"full_backup","args":{"id":"\u0061","schedule_id":-3}}`, api.BackupRequest{ID: "a", ScheduleID: &negative}},
		{fmt.Sprintf(`{"cmd":"full_backup","args":{"id":"x","schedule_id":%d}}`, schedule), api.BackupRequest{ID: "x", ScheduleID: &schedule}},
		{`{"cmd":"incremental_backup","args":{"id":"x","from_backup_id":"X"}}`, api.BackupRequest{ID: "x", FromBackupID: "X"}},
		{`{"cmd":"restore_backup","args":{"id_list":["b","a"],"target":"database"}}`,
			api.RestoreRequest{IDList: []string{"b", "a"}, Target: api.TargetDatabase}},
		{`{"cmd":"restore_backup","args":{"id_list":["b"],"target":"folder"}}`,
			api.RestoreRequest{IDList: []string{"b"}, Target: api.TargetFolder}},
		{`{"cmd":"full_backup","args":{"id":"x","request_id":"~!/0"}}`, api.BackupRequest{ID: "x", RequestID: "~!/0"}},
		{`{"cmd":"delete_backup","args":{"id":"x","request_id":"` + strings.Repeat("r", 128) + `"}}`,
			api.DeleteRequest{ID: "x", RequestID: strings.Repeat("r", 128)}},
		{`{"cmd":"delete_backup","args":{"id":"x","request_id":null}}`, api.DeleteRequest{ID: "x"}},
		{`{"cmd":"verify_backup","args":{"id":"b"}}`, api.VerifyRequest{ID: "b"}},
		{`{"cmd":"verify_backup","args":{"id":"b","level":"prepare","request_id":"r"}}`,
			api.VerifyRequest{ID: "b", Level: "prepare", RequestID: "r"}},
		{`{"cmd":"operation_list"}`, api.OperationFilter{}},
		{`{"cmd":"operation_list","args":{"limit":1,"state":"halted"}}`, api.OperationFilter{Limit: 1, State: "halted"}},
		{`{"cmd":"operation_list","args":{"id_prefix":"8f"}}`, api.OperationFilter{IDPrefix: "8f"}},
	} {
		answer := ask(t, server.path, test.request)
		select {
		case got := <-asked:
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("%s\n got %+v\nwant %+v", test.request, got, test.want)
			}
		default:
			t.Errorf("%s never reached the service: %s", test.request, answer)
		}
	}
}
