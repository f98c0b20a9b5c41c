package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestAnswersArePrompt measures answers with the server check in them. The
// machine may be busy: the quickest of some counts.
func TestAnswersArePrompt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.start()
	quickest := patience
	var operations []string
	for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
		begun := time.Now()
		operations = append(operations, operationOf(t, raw(t, w.socket, `{"cmd":"full_backup","args":{"id":"`+id+`"}}`)))
		quickest = min(quickest, time.Since(begun))
	}
	if quickest > 100*time.Millisecond {
		t.Errorf("the quickest answer took %s", quickest)
	}
	t.Logf("the quickest answer took %s", quickest)
	for _, id := range operations[1:] {
		if err := w.client.Cancel(w.ctx(), id); err != nil {
			t.Error(err)
		}
	}
	for _, id := range operations {
		w.ended(id)
	}
	if there := entries(t, w.backupDir); len(there) != 1 {
		t.Errorf("after all but the first were cancelled, the store holds %v", there)
	}
}

// TestHungServer tells a client within 3 s that the server does not answer.
func TestHungServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.start()
	w.succeeded(w.full("full"))
	w.db.Pause()
	for _, request := range []string{`{"cmd":"full_backup","args":{"id":"a"}}`, `{"cmd":"incremental_backup","args":{"id":"a","from_backup_id":"full"}}`,
		`{"cmd":"restore_backup","args":{"id_list":["full"],"target":"database"}}`} {
		begun := time.Now()
		answer := raw(t, w.socket, request)
		if took := time.Since(begun); took > 3*time.Second {
			t.Errorf("%s: answered after %s", request, took)
		}
		message := `cannot create backup, MySQL/MariaDB server is not running: it does not answer at ` + w.db.Socket + ` within 2s"}`
		if strings.Contains(request, "restore") {
			message = `cannot restore to database, MySQL/MariaDb server is not stopped`
		}
		if !strings.HasPrefix(answer, unavailable+message) {
			t.Errorf("%s: %s", request, answer)
		}
	}
	// What needs no server is answered meanwhile.
	if answer := raw(t, w.socket, `{"cmd":"delete_backup","args":{"id":"full"}}`); answer != `{"code":200,"status":"OK"}` {
		t.Error(answer)
	}
	w.db.Resume()
	w.db.WaitReady()
	w.succeeded(w.full("a"))
}

// TestServerHangsAfterAnswer hangs the server between acceptance and
// validation: the operation fails and says so.
func TestServerHangsAfterAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	hold := w.newGate("first")
	w.useTool(hold.wait())
	w.start()
	first := w.full("first")
	w.eventually("the first copies", hold.reached)
	second := w.full("second")
	w.db.Pause()
	if err := w.client.Cancel(w.ctx(), first); err != nil {
		t.Fatal(err)
	}
	w.failed(second, "cannot create backup, MySQL/MariaDB server is not running", "does not answer")
	if v := w.ended(first); v.Status != "cancelled" {
		t.Errorf("the first: %s: %s", v.Status, v.Error)
	}
	w.db.Resume()
	if left := entries(t, w.backupDir); len(left) > 0 {
		t.Errorf("left in the store: %v", left)
	}
}

// TestServerKilled restores while the server cannot be asked any more: one
// that was killed and whose socket is still there.
func TestServerKilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.start()
	w.succeeded(w.full("full"))
	w.db.Kill()
	if _, err := os.Stat(w.db.Socket); err != nil {
		t.Fatalf("a killed server leaves its socket: %v", err)
	}
	answer := raw(t, w.socket, `{"cmd":"full_backup","args":{"id":"a"}}`)
	if !strings.HasPrefix(answer, unavailable+`cannot create backup, MySQL/MariaDB server is not running: `) || !strings.Contains(answer, "connection refused") {
		t.Error(answer)
	}
	w.loseData()
	w.succeeded(w.restore("database", "full"))
	w.db.Start()
}

// TestServerOnDeletedFiles refuses a restore under a server that still runs
// although its files are gone and the credentials lead to another socket.
func TestServerOnDeletedFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.start()
	w.succeeded(w.full("full"))
	text := "[client-dbcalm]\nuser=nobody\nsocket=" + w.dir + "/none\n"
	if err := os.WriteFile(w.db.CredentialsFile, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	w.loseData()
	message := fmt.Sprintf("cannot restore to database, MySQL/MariaDb server is not stopped: process %d works in %s: stop the server", w.db.PID(), w.db.DataDir)
	refused(t, w.refusal("database", "full"), 503, message)
	w.db.Kill()
	w.loseData()
	w.succeeded(w.restore("database", "full"))
}

// TestServerDiesWhileToolWorks fails with a reason that names the server.
func TestServerDiesWhileToolWorks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	hold := w.newGate("tool")
	w.useTool(hold.wait())
	w.start()
	operation := w.full("full")
	w.eventually("the tool works", hold.reached)
	w.db.Kill()
	hold.open(t)
	w.toldEverywhere(w.failed(operation, "mariabackup failed with exit code 1: ", "Can't connect to", ": the server could not be reached"))
	if left := entries(t, w.backupDir); len(left) > 0 {
		t.Errorf("left in the store: %v", left)
	}
}
