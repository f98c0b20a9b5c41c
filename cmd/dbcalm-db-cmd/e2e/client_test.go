package e2e

import (
	"io"
	"strings"
	"testing"
	"time"
)

// piecePause lies between the pieces of a request that comes in pieces.
const piecePause = 100 * time.Millisecond

// TestClientsOfOtherPrograms speaks as the older Python client and as the API
// server do, accepted and refused.
func TestClientsOfOtherPrograms(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.configure("legacy_socket_path", w.dir+"/legacy")
	w.start()
	w.succeeded(operationOf(t, asPythonClient(t, w.dir+"/legacy", `{"cmd": "full_backup", "args": {"id": "python", "schedule_id": null}}`)))
	answer := asPythonClient(t, w.socket, `{"cmd": "full_backup", "args": {"id": "python"}}`)
	if answer != conflict+`Backup with id 'python' already exists"}` {
		t.Error(answer)
	}
	w.succeeded(operationOf(t, inPieces(t, w.socket, piecePause, `{"cmd":"full_`, `backup","args":{"id":"in`, `-pieces"}}`)))
	answer = inPieces(t, w.socket, piecePause, `{"cmd":"full_backup","args":{"id":"x"`, `}`, `}`+"\n")
	if !acceptedAnswer.MatchString(answer) {
		t.Error(answer)
	}
	answer = inPieces(t, w.socket, piecePause, `{"cmd":"delete_backup","args":{"id":"in-`, `pieces"}`, `}`)
	if answer != `{"code":200,"status":"OK"}` {
		t.Error(answer)
	}
}

// TestLongAnswersFit keeps the answers to the commands of other programs in
// the one read they do, however much the request gives to repeat.
func TestLongAnswersFit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.start()
	long := strings.Repeat("ä", 100_000)
	ids := `"` + strings.Join(strings.Split(strings.Repeat("x", 5000), ""), `","`) + `"`
	for _, request := range []string{
		`{"cmd":"` + long + `","args":{}}`, `{"cmd":"full_backup","args":{"id":"` + long + `"}}`,
		`{"cmd":"full_backup","args":{"id":"a","` + long + `":1}}`,
		`{"cmd":"restore_backup","args":{"id_list":[` + ids + `],"target":"` + long + `"}}`,
	} {
		answer := raw(t, w.socket, request)
		if !strings.HasPrefix(answer, badRequest) || !strings.HasSuffix(answer, `"}`) || len(answer) >= 4096 {
			t.Errorf("%d bytes: %.300s", len(answer), answer)
		}
	}
}

// TestRequestsThatNeverEnd refuses what is too much and what takes too long,
// and goes on serving others meanwhile.
func TestRequestsThatNeverEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.start()
	slow := connectTo(t, w.socket)
	if _, err := slow.Write([]byte(`{"cmd":"full_backup","args":`)); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	for request, want := range map[string]string{
		`{"cmd":"full_backup","args":{"id":"` + strings.Repeat("a", 1<<20): "request is larger than 1048576 bytes",
		strings.Repeat(" ", 1<<20+1):                                       "request is larger than 1048576 bytes",
	} {
		if answer := raw(t, w.socket, request); answer != badRequest+want+`"}` {
			t.Errorf("%d bytes: %s", len(request), answer)
		}
	}
	ended := connectTo(t, w.socket)
	if _, err := ended.Write([]byte(`{"cmd":"full_backup",`)); err != nil {
		t.Fatal(err)
	}
	if err := ended.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(ended); err != nil || string(answer) != badRequest+`request ended before its JSON object was complete"}` {
		t.Errorf("%s, %v", answer, err)
	}
	answer, err := io.ReadAll(slow)
	if err != nil || string(answer) != badRequest+`request took too long: no complete JSON object within 10s"}` {
		t.Errorf("%s, %v", answer, err)
	}
	if took := time.Since(begun); took < 9*time.Second || took > 15*time.Second {
		t.Errorf("refused after %s", took)
	}
	if left := entries(t, w.backupDir); len(left) > 0 {
		t.Errorf("refused requests left %v", left)
	}
}
