package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/machine/definition"
)

// TestOlderMachineKnowsOneForm carries on with a backup that a program began
// which knew of no streams and counted no rows, under a configuration that asks
// for both.
func TestOlderMachineKnowsOneForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	g := w.newGate("gate")
	w.useTool(`[ $doing = backup ] && { ` + g.wait() + `; }`)
	w.start()
	first := w.full("first")
	w.eventually("the tool is at work", g.reached)
	waiting := w.full("waiting")
	w.kill()
	text, err := definition.Source("full_backup")
	if err != nil {
		t.Fatal(err)
	}
	older := withoutState(withoutState(withoutState(text, "compress"), "stream"), "count")
	older = strings.NewReplacer(", stream: stream", "", ", compress: compress", "", ", count: count", "").Replace(older)
	if strings.Contains(older, "stream_backup") || strings.Contains(older, "compress") || strings.Contains(older, "count_rows") {
		t.Fatalf("no older machine:\n%s", older)
	}
	if _, err := w.ledger().Exec(`UPDATE operation_definition SET text = ?`, older); err != nil {
		t.Fatal(err)
	}
	w.configure("count_rows", "rows")
	w.configureForm("zstd stream")
	w.start()
	g.open(t)
	for id, operation := range map[string]string{"first": first, "waiting": waiting} {
		w.succeeded(operation)
		w.stored(id, "directory")
	}
	w.succeeded(w.incremental("newer", "waiting"))
	w.stored("newer", "stream+zstd")
	if left := entries(t, filepath.Join(w.backupDir, ".partial")); len(left) > 0 {
		t.Errorf("left of the work: %v", left)
	}
}

// withoutState removes a state from a machine's text.
func withoutState(text, state string) string {
	before, rest, found := strings.Cut(text, "\n  "+state+":\n")
	if !found {
		return text
	}
	for {
		line, after, more := strings.Cut(rest, "\n")
		if !more || !strings.HasPrefix(line, "    ") {
			return before + "\n" + rest
		}
		rest = after
	}
}
