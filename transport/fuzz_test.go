package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/printable"
	"dbcalm-db-cmd/transport/access"
	"dbcalm-db-cmd/transport/wire"
)

// FuzzAnswer: every object gets an answer that fits one read, and no object
// makes the daemon fail.
func FuzzAnswer(f *testing.F) {
	for name := range commands {
		f.Add(`{"cmd":"`+name+`","args":{"id":"x","from_backup_id":"y","id_list":["x"],"target":"folder","schedule_id":1,"limit":1}}`,
			uint32(0), int32(1))
		f.Add(`{"cmd":"`+name+`","args":{"id":"x"}}`, uint32(65534), int32(-1))
	}
	f.Add(`{"cmd":"\u0000","args":{"":[{}]}}`, uint32(1000), int32(0))
	f.Add("{\"cmd\":\"\u202e\u009b2J\x7f\xff\",\"args\":{\"\u2066\":1}}", uint32(1000), int32(0))
	f.Add("{\"cmd\":\"delete_backup\",\"args\":{\"id\":\"\\u001b[2J\u2028\"}}", uint32(1000), int32(0))
	server := New(&fakeService{}, Options{SocketPath: "/unused"})
	var err error
	if server.policy, err = access.NewPolicy(access.Rules{RestoreUsers: []string{"1000"}}, ownUID(), os.Getgid()); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, stream string, uid uint32, pid int32) {
		frame, err := readFrame(strings.NewReader(stream), requestLimit)
		if err != nil {
			return
		}
		answered := server.dispatch(context.Background(), access.Peer{UID: uid, PID: pid, Known: true}, frame, func() bool {
			return server.turns.Take(context.Background(), uid)
		})
		line, err := answered.bytes()
		if err != nil || len(line) >= wire.AnswerLimit || answered.code == wire.CodeInternal {
			t.Errorf("%s: %s, %v", frame, line, err)
		}
		if !bytes.Equal(printable.JSON(line), line) {
			t.Errorf("%s: control characters in %q", frame, line)
		}
		var answer wire.Envelope
		if err := json.Unmarshal(line, &answer); err != nil || answer.Code != answered.code {
			t.Errorf("%s: %s, %v", frame, line, err)
		}
	})
}

func TestALongEchoIsCut(t *testing.T) {
	t.Parallel()
	server := start(t, &fakeService{
		deleteBackup: func(context.Context, api.DeleteRequest) error {
			return &api.Error{Kind: api.Unavailable, Message: strings.Repeat("mend it ", 1000)}
		},
	}, Options{})
	long := strings.Repeat("€", 100_000)
	for _, request := range []string{
		`{"cmd":"` + long + `"}`,
		`{"cmd":"backup_list","` + long + `":1}`,
		`{"cmd":"backup_list","` + long + `":1,"` + long + `":1}`,
		`{"cmd":"delete_backup","args":{"id":"` + long + `"}}`,
		`{"cmd":"delete_backup","args":{"id":"x"}}`,
		`{"cmd":"full_backup","args":{"id":"x","schedule_id":` + strings.Repeat("1", 100_000) + `}}`,
		`{"cmd":"restore_backup","args":{"id_list":["x"],"target":"` + long + `"}}`,
	} {
		answer := ask(t, server.path, request)
		if len(answer) >= wire.AnswerLimit || !strings.Contains(answer, "…") || !json.Valid([]byte(answer)) {
			t.Errorf("%.40s: %d bytes: %.200s", request, len(answer), answer)
		}
	}
}
