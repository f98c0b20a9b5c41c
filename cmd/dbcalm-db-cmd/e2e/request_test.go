package e2e

import (
	"slices"
	"strings"
	"testing"
)

// TestRequestsSentAgain sends the same request at once from several clients,
// over a crash of the daemon, and after the end: one backup is made, and every
// answer names it.
func TestRequestsSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.start()
	request := `{"cmd":"full_backup","args":{"id":"full","request_id":"6f2c"}}`
	answers := w.atOnce(8, request)
	operation := operationOf(t, answers[0])
	if slices.ContainsFunc(answers, func(answer string) bool { return answer != answers[0] }) {
		t.Errorf("answers differ: %q", answers)
	}
	w.kill()
	w.start()
	if again := raw(t, w.socket, request); again != answers[0] {
		t.Errorf("after a crash: %s", again)
	}
	w.succeeded(operation)
	if again := raw(t, w.socket, `{"args":{"request_id":"6f2c", "id":"full"}, "cmd":"full_backup"}`); again != answers[0] {
		t.Errorf("after the end: %s", again)
	}
	stdout, stderr, code := w.cli("backup", "full", "full", "--request-id", "6f2c", "--wait")
	if code != 0 || !strings.HasPrefix(stdout, operation+"\n") {
		t.Errorf("on the command line: %d\n%s%s", code, stdout, stderr)
	}
	for _, other := range []string{
		`{"cmd":"full_backup","args":{"id":"full","schedule_id":1,"request_id":"6f2c"}}`,
		`{"cmd":"delete_backup","args":{"id":"full","request_id":"6f2c"}}`,
	} {
		want := conflict + `request_id '6f2c' was used before, for full_backup {\"id\":\"full\"}, which began operation ` + operation +
			`: give another request a new request_id"}`
		if answer := raw(t, w.socket, other); answer != want {
			t.Errorf("%s\n got %s\nwant %s", other, answer, want)
		}
	}
	remove := `{"cmd":"delete_backup","args":{"id":"full","request_id":"6f2d"}}`
	for range 2 {
		if answer := raw(t, w.socket, remove); answer != `{"code":200,"status":"OK"}` {
			t.Errorf("deletion: %s", answer)
		}
		w.kill()
		w.start()
	}
	if left := entries(t, w.backupDir); len(left) > 0 {
		t.Errorf("the store holds %v", left)
	}
}
