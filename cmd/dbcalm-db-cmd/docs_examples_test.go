package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
	"dbcalm-db-cmd/machine/api"
)

// The files in testdata/docs are what a daemon answered on a real server:
// a full backup and an incremental, a restore and a verification of both, a backup refused for a
// missing grant, and one that was still running. doctor.json is what the command
// found there, with the paths and names of an installation.

func recorded[T any](t *testing.T, name string) T {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata/docs", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var value T
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return value
}

func recordedDaemon(t *testing.T, view string) *fakeDaemon {
	t.Helper()
	shown := recorded[api.OperationView](t, view)
	return &fakeDaemon{
		id:         shown.ID,
		views:      []any{shown},
		operations: recorded[[]api.OperationSummary](t, "operations"),
		backups:    recorded[[]api.BackupView](t, "backups"),
	}
}

// typed is a command line and everything a terminal then shows.
func typed(t *testing.T, d daemon, line string) string {
	t.Helper()
	const file, installed = "testdata/docs/config.yml", config.DefaultPath
	in := newInvocation(t, d)
	var terminal bytes.Buffer
	in.screen.Out, in.screen.Err = &terminal, &terminal
	in.diagnose = func(context.Context, *config.Loaded, time.Duration) []api.Check {
		return recorded[[]api.Check](t, "doctor")
	}
	in.source.env = func(name string) string { return map[string]string{config.Variable: file}[name] }
	in.run(t.Context(), strings.Fields(line))
	shown := strings.ReplaceAll(terminal.String(), file, installed)
	return fenced("console", "$ "+program+" "+line+"\n"+shown)
}

func docsConfigCheck(t *testing.T) string { return typed(t, nil, "config check") }

func docsDoctor(t *testing.T) string { return typed(t, nil, "doctor") }

func docsBackupWait(t *testing.T) string {
	return typed(t, recordedDaemon(t, "incremental"), "backup incremental tuesday --from monday --wait")
}

func docsRestoreWait(t *testing.T) string {
	return typed(t, recordedDaemon(t, "restored"), "restore tuesday --target database --wait")
}

func docsBackupsList(t *testing.T) string {
	return typed(t, recordedDaemon(t, "restored"), "backups list")
}

func docsBackupsRebuild(t *testing.T) string {
	return typed(t, &fakeDaemon{rebuilt: recorded[api.RebuildReport](t, "rebuild")}, "backups rebuild")
}

func docsBackupsPrune(t *testing.T) string {
	return typed(t, &fakeDaemon{pruned: recorded[api.PruneReport](t, "prune")}, "backups prune --dry-run")
}

func docsBackupsVerify(t *testing.T) string {
	return typed(t, recordedDaemon(t, "verified"), "backups verify tuesday --level boot")
}

func docsOperationsList(t *testing.T) string {
	return typed(t, recordedDaemon(t, "restored"), "operations list")
}

func docsOperationsShow(t *testing.T) string {
	d := recordedDaemon(t, "failed")
	return typed(t, d, "operations show "+d.id[:4])
}

// docsAnswers sends the daemon's own commands over a socket.
func docsAnswers(t *testing.T) string {
	socket := filepath.Join(t.TempDir(), "db-cmd.sock")
	d := recordedDaemon(t, "running")
	d.operations, d.backups = d.operations[:1], d.backups[1:2]
	d.rebuilt = recorded[api.RebuildReport](t, "rebuild")
	d.rebuilt.Findings = d.rebuilt.Findings[1:2]
	d.pruned = recorded[api.PruneReport](t, "prune")
	d.pruned.Chains = d.pruned.Chains[:2]
	failed := recorded[api.OperationView](t, "failed").ID
	d.decision = api.RetryDecision{State: "queued", Attempt: 2,
		Reason: "retry: begins again from the start, since nothing of the failed attempt is left"}
	listen(t, d, socket)
	var parts []string
	for _, request := range []string{
		`{"cmd": "backup_list"}`,
		`{"cmd": "backup_rebuild", "args": {"prune": true}}`,
		`{"cmd": "prune_backups", "args": {"dry_run": true}}`,
		`{"cmd": "operation_list", "args": {"limit": 1, "state": "succeeded"}}`,
		`{"cmd": "operation_show", "args": {"id": "` + d.id + `"}}`,
		`{"cmd": "operation_cancel", "args": {"id": "` + d.id + `"}}`,
		`{"cmd": "operation_retry", "args": {"id": "` + failed + `"}}`,
	} {
		parts = append(parts, fenced("json", request)+"\n"+fenced("json", exchange(t, socket, request)))
	}
	return strings.Join(parts, "\n")
}

// exchange returns the answer to a request, spread over lines.
func exchange(t *testing.T, socket, request string) string {
	t.Helper()
	conn, err := net.DialTimeout("unix", socket, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return spread(t, answer)
}

// spread writes a JSON object over lines.
func spread(t *testing.T, object []byte) string {
	t.Helper()
	var text bytes.Buffer
	if err := json.Indent(&text, object, "", "  "); err != nil {
		t.Fatalf("%v: %s", err, object)
	}
	return text.String()
}
