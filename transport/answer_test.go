package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"dbcalm-db-cmd/machine"
	"dbcalm-db-cmd/steps/printable"
)

func TestAnswersStayBelowTheLimit(t *testing.T) {
	t.Parallel()
	for name, message := range map[string]string{
		"letters":      strings.Repeat("x", 10_000),
		"runes":        strings.Repeat("äé€😀", 2_000),
		"escapes":      strings.Repeat("\x00", 10_000),
		"quotes":       strings.Repeat(`"`, 4_000),
		"mixed":        strings.Repeat("a\"\n\u2028€", 3_000),
		"invalid":      strings.Repeat("x\xff", 5_000),
		"just too big": strings.Repeat("x", AnswerLimit-len(`{"code":409,"status":"Conflict","message":""}`)),
	} {
		line := encodeEnvelope(envelope{Code: 409, Status: "Conflict", Message: message})
		if !bytes.Equal(printable.JSON(line), line) {
			t.Errorf("%s: control characters in %q", name, line)
		}
		var answer envelope
		if err := json.Unmarshal(line, &answer); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		// The next rune and its escape would not have fitted.
		if len(line) >= AnswerLimit || len(line) < AnswerLimit-20 {
			t.Errorf("%s: %d bytes", name, len(line))
		}
		kept, marked := strings.CutSuffix(answer.Message, "…")
		if !marked || !utf8.ValidString(kept) || !strings.HasPrefix(printable.Text(message), kept) {
			t.Errorf("%s: the message ends in %q", name, answer.Message[max(0, len(answer.Message)-12):])
		}
	}
}

func TestAnAnswerThatFitsIsNotCut(t *testing.T) {
	t.Parallel()
	message := strings.Repeat("x", AnswerLimit-1-len(`{"code":409,"status":"Conflict","message":""}`))
	line := encodeEnvelope(envelope{Code: 409, Status: "Conflict", Message: message})
	if want := `{"code":409,"status":"Conflict","message":"` + message + `"}`; string(line) != want {
		t.Errorf("got %d bytes ending in %q", len(line), line[len(line)-10:])
	}
}

func TestALongEchoIsCut(t *testing.T) {
	t.Parallel()
	server := start(t, &fakeService{
		deleteBackup: func(context.Context, machine.DeleteRequest) error {
			return &machine.Error{Kind: machine.Unavailable, Message: strings.Repeat("mend it ", 1000)}
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
		if len(answer) >= AnswerLimit || !strings.Contains(answer, "…") || !json.Valid([]byte(answer)) {
			t.Errorf("%.40s: %d bytes: %.200s", request, len(answer), answer)
		}
	}
}

func TestShorten(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text  string
		limit int
		want  string
	}{
		{"abcdef", 6, "abcdef"}, {"abcdef", 5, "ab…"}, {"ä€ä", 6, "ä…"}, {"ä€ä", 5, "ä…"}, {"", 0, ""}, {"a", 0, "…"},
	} {
		if got := shorten(test.text, test.limit); got != test.want {
			t.Errorf("shorten(%q, %d) = %q, want %q", test.text, test.limit, got, test.want)
		}
	}
}

// FuzzAnswer: every object gets an answer that fits one read, and no object
// makes the daemon fail.
func FuzzAnswer(f *testing.F) {
	for name := range commands {
		f.Add(`{"cmd":"`+name+`","args":{"id":"x","from_backup_id":"y","id_list":["x"],"target":"folder","schedule_id":1,"limit":1}}`, uint32(0), int32(1))
		f.Add(`{"cmd":"`+name+`","args":{"id":"x"}}`, uint32(65534), int32(-1))
	}
	f.Add(`{"cmd":"\u0000","args":{"":[{}]}}`, uint32(1000), int32(0))
	f.Add("{\"cmd\":\"\u202e\u009b2J\x7f\xff\",\"args\":{\"\u2066\":1}}", uint32(1000), int32(0))
	f.Add("{\"cmd\":\"delete_backup\",\"args\":{\"id\":\"\\u001b[2J\u2028\"}}", uint32(1000), int32(0))
	server := New(&fakeService{}, Options{SocketPath: "/unused"})
	server.policy.restore = &members{users: []uint32{1000}}
	server.policy.memberships = func(uint32) []uint32 { return nil }
	f.Fuzz(func(t *testing.T, stream string, uid uint32, pid int32) {
		frame, err := readFrame(strings.NewReader(stream), RequestLimit)
		if err != nil {
			return
		}
		answered := server.dispatch(context.Background(), peer{uid: uid, pid: pid, known: true}, frame, func() bool { return server.turns.take(context.Background(), uid) })
		line, err := answered.bytes()
		if err != nil || len(line) >= AnswerLimit || answered.code == codeInternal {
			t.Errorf("%s: %s, %v", frame, line, err)
		}
		if !bytes.Equal(printable.JSON(line), line) {
			t.Errorf("%s: control characters in %q", frame, line)
		}
		var answer envelope
		if err := json.Unmarshal(line, &answer); err != nil || answer.Code != answered.code {
			t.Errorf("%s: %s, %v", frame, line, err)
		}
	})
}
