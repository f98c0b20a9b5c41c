package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const (
	badRequest  = `{"code":400,"status":"Bad Request","message":"`
	notFound    = `{"code":404,"status":"Not Found","message":"`
	conflict    = `{"code":409,"status":"Conflict","message":"`
	unavailable = `{"code":503,"status":"Service Unavailable","message":"`
	idRule      = `use 1 to 128 letters, digits, '.', '_', '-' or ':', not '.' or '-' first, and neither 'restores' nor 'tmp'"}`
)

// acceptedAnswer is the one answer that differs each time.
var acceptedAnswer = regexp.MustCompile(`^\{"code":202,"status":"Accepted","id":"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"\}$`)

// operationOf demands an answer with 202 and returns the id in it.
func operationOf(t testing.TB, answer string) string {
	t.Helper()
	match := acceptedAnswer.FindStringSubmatch(answer)
	if match == nil {
		t.Fatalf("not accepted: %s", answer)
	}
	return match[1]
}

// TestAnswers compares every byte of every kind of answer, on both sockets.
func TestAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	legacy := filepath.Join(w.dir, "legacy")
	w.configure("legacy_socket_path", legacy)
	w.start()
	w.succeeded(operationOf(t, raw(t, legacy, `{"cmd": "full_backup", "args": {"id": "full"}}`)))
	w.succeeded(operationOf(t, raw(t, w.socket, `{"cmd":"incremental_backup","args":{"id":"inc","from_backup_id":"full"}}`)))
	if err := os.Mkdir(filepath.Join(w.backupDir, "stray"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, exchange := range [][2]string{
		{`{"cmd":"full_backup","args":{}}`, badRequest + `Missing required argument: id"}`},
		{`{"cmd":"full_backup"}`, badRequest + `Missing required argument: id"}`},
		{`{"cmd":"full_backup","args":{"id":null}}`, badRequest + `Missing required argument: id"}`},
		{`{"args":{"id":"a"}}`, badRequest + `Missing required argument: cmd"}`},
		{`{"cmd":"incremental_backup","args":{"id":"a"}}`, badRequest + `Missing required argument: from_backup_id"}`},
		{`{"cmd":"restore_backup","args":{"target":"folder"}}`, badRequest + `Missing required argument: id_list"}`},
		{`{"cmd":"restore_backup","args":{"id_list":["full"]}}`, badRequest + `Missing required argument: target"}`},
		{`{"cmd":"delete_backup","args":{}}`, badRequest + `Missing required argument: id"}`},
		{`{"cmd":"drop_everything","args":{}}`, badRequest + `Unknown command: drop_everything"}`},
		{`{"cmd":5,"args":{}}`, badRequest + `argument cmd: want text, got number"}`},
		{`{"cmd":"full_backup","args":[]}`, badRequest + `argument args: want object, got list"}`},
		{`{"cmd":"full_backup","args":{"id":5}}`, badRequest + `argument id: want text, got number"}`},
		{`{"cmd":"full_backup","args":{"id":"a","schedule_id":"x"}}`, badRequest + `argument schedule_id: want an integer, got text"}`},
		{`{"cmd":"full_backup","args":{"id":"a","schedule_id":1.5}}`, badRequest + `argument schedule_id: want an integer, got 1.5"}`},
		{`{"cmd":"full_backup","args":{"id":"a","from_backup_id":"full"}}`, badRequest + `unknown argument: from_backup_id"}`},
		{`{"cmd":"full_backup","args":{"id":"a","id":"b"}}`, badRequest + `argument given twice: id"}`},
		{`{"cmd":"restore_backup","args":{"id_list":[1],"target":"folder"}}`, badRequest + `argument id_list[0]: want text, got number"}`},
		{`{"cmd":"restore_backup","args":{"id_list":"full","target":"folder"}}`, badRequest + `argument id_list: want list, got text"}`},
		{`{"cmd":"restore_backup","args":{"id_list":[],"target":"folder"}}`,
			badRequest + `argument id_list: want at least one id, got an empty list"}`},
		{`{"cmd":"restore_backup","args":{"id_list":["full"],"target":"moon"}}`,
			badRequest + `argument target: want 'database' or 'folder', got 'moon'"}`},
		{`{"cmd":"restore_backup","args":{"id_list":["inc"],"target":"folder"}}`, badRequest + `id_list is no chain in order: ` +
			`backup 'inc' is restored by dbcalm-db-cmd restore inc --target folder, on the socket by the id_list [\"full\",\"inc\"]"}`},
		{`{"cmd":"restore_backup","args":{"id_list":["inc","full"],"target":"folder"}}`, badRequest + `id_list is no chain in order: ` +
			`backup 'full' is restored by dbcalm-db-cmd restore full --target folder, on the socket by the id_list [\"full\"]"}`},
		{`{"cmd":"incremental_backup","args":{"id":"a","from_backup_id":"a"}}`,
			badRequest + `argument from_backup_id: 'a' cannot stand on itself; give the id of another backup"}`},
		{`{"cmd":"full_backup","args":{"id":"../etc"}}`, badRequest + `argument id: '../etc' cannot be the id of a backup: ` + idRule},
		{`{"cmd":"full_backup","args":{"id":""}}`, badRequest + `argument id: '' cannot be the id of a backup: ` + idRule},
		{`{"cmd":"delete_backup","args":{"id":"restores"}}`, badRequest + `argument id: 'restores' cannot be the id of a backup: ` + idRule},
		{`[1]`, badRequest + `request is not a JSON object: it starts with \"[\""}`},
		{`{"cmd":"full_backup",}`, badRequest +
			`request is not valid JSON: invalid character '}' looking for beginning of object key string, at byte 22"}`},

		{`{"cmd":"incremental_backup","args":{"id":"a","from_backup_id":"nope"}}`, notFound + `Base backup with id 'nope' not found"}`},
		{`{"cmd":"restore_backup","args":{"id_list":["full","nope"],"target":"folder"}}`, notFound + `Backup with id 'nope' not found"}`},
		{`{"cmd":"restore_backup","args":{"id_list":["nope"],"target":"database"}}`, notFound + `Backup with id 'nope' not found"}`},
		{`{"cmd":"delete_backup","args":{"id":"nope"}}`, notFound + `Backup with id 'nope' not found"}`},
		{`{"cmd":"delete_backup","args":{"id":"stray"}}`, notFound + `Backup with id 'stray' not found"}`},
		{`{"cmd":"operation_show","args":{"id":"nope"}}`, notFound + `Operation with id 'nope' not found"}`},

		{`{"cmd":"full_backup","args":{"id":"full"}}`, conflict + `Backup with id 'full' already exists"}`},
		{`{"cmd":"incremental_backup","args":{"id":"full","from_backup_id":"inc"}}`, conflict + `Backup with id 'full' already exists"}`},
		{`{"cmd":"full_backup","args":{"id":"stray"}}`, conflict + `Backup with id 'stray' already exists: the folder ` + w.backupDir +
			`/stray is there without a record and may be the only copy of that backup; choose another id, or move the folder out of backup_dir"}`},
		{`{"cmd":"delete_backup","args":{"id":"full"}}`,
			conflict + `backup 'full' cannot be deleted: other backups stand on it: 'inc'; delete them first"}`},

		{`{"cmd":"restore_backup","args":{"id_list":["full"],"target":"database"}}`,
			unavailable + `cannot restore to database, MySQL/MariaDb server is not stopped: process ` +
				fmt.Sprint(w.db.PID()) + ` holds locks in ` + w.db.DataDir + `: stop the server"}`},

		{`{"cmd":"delete_backup","args":{"id":"inc"}}`, `{"code":200,"status":"OK"}`},
		{`{"cmd":"backup_list","args":{"id":"inc"}}`, badRequest + `unknown argument: id"}`},
	} {
		for i, path := range []string{w.socket, legacy} {
			if i > 0 && strings.Contains(exchange[0], `"delete_backup","args":{"id":"inc"`) {
				exchange[1] = notFound + `Backup with id 'inc' not found"}`
			}
			if answer := raw(t, path, exchange[0]); answer != exchange[1] {
				t.Errorf("%s\n got %s\nwant %s", exchange[0], answer, exchange[1])
			}
		}
	}
}

// TestAnswersWithoutServer tells what a client hears while the host is not
// fit for what it asks.
func TestAnswersWithoutServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.start()
	w.succeeded(w.full("full"))
	full, incremental := `{"cmd":"full_backup","args":{"id":"a"}}`, `{"cmd":"incremental_backup","args":{"id":"a","from_backup_id":"full"}}`
	restore := `{"cmd":"restore_backup","args":{"id_list":["full"],"target":"database"}}`
	expect := func(message string, requests ...string) {
		t.Helper()
		for _, request := range requests {
			if answer := raw(t, w.socket, request); answer != unavailable+message+`"}` {
				t.Errorf("%s\n got %s\nwant %s", request, answer, unavailable+message+`"}`)
			}
		}
	}

	w.db.Stop()
	down := regexp.MustCompile(regexp.QuoteMeta(unavailable+`cannot create backup, MySQL/MariaDB server is not running: `) +
		`.*: start it, or correct socket or host in the credentials file"}`)
	for _, request := range []string{full, incremental} {
		if answer := raw(t, w.socket, request); !down.MatchString(answer) {
			t.Errorf("server down: %s", answer)
		}
	}
	const notEmpty = `cannot restore to database, mysql/mariadb data directory is not empty (usually /var/lib/mysql): `
	expect(notEmpty+w.db.DataDir+` holds `+entries(t, w.db.DataDir)[0]+`: move its content away`, restore)
	w.loseData()
	hidden := filepath.Join(w.db.DataDir, ".hidden")
	if err := os.WriteFile(hidden, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	expect(notEmpty+w.db.DataDir+` holds .hidden: move its content away`, restore)
	if err := os.RemoveAll(w.db.DataDir); err != nil {
		t.Fatal(err)
	}
	expect(`cannot restore to database: the data directory `+w.db.DataDir+
		` does not exist: create it, owned by the user the server runs as`, restore)

	const credentials = `credentials file not found or missing [client-dbcalm] section: `
	for _, content := range []string{"[client]\nuser=x\n", ""} {
		if err := os.WriteFile(w.db.CredentialsFile, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		expect(credentials+`add it to `+w.db.CredentialsFile, full, incremental)
	}
	if err := os.Remove(w.db.CredentialsFile); err != nil {
		t.Fatal(err)
	}
	expect(credentials+`create `+w.db.CredentialsFile, full, incremental)
	if left := entries(t, w.backupDir); len(left) != 1 {
		t.Errorf("refused commands left %v in the store", left)
	}
}
