package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/machine/definition"
)

// An operation is drawn on the machine it began with, along its transitions.
func TestOperationIsDrawn(t *testing.T) {
	t.Parallel()
	text, err := definition.Source("delete_backup")
	if err != nil {
		t.Fatal(err)
	}
	v := api.OperationView{Definition: text, OperationSummary: api.OperationSummary{State: "halted", Status: "failed"}}
	path := []string{"", "queued", "validate", "retire", "retire", "erase", "halted"}
	for i := range len(path) - 1 {
		v.Transitions = append(v.Transitions,
			api.TransitionView{From: path[i], To: path[i+1], At: time.Date(2026, 11, 22, 22, 0, 2*i, 0, time.UTC)})
	}
	want, err := os.ReadFile(filepath.Join("..", "..", "machine", "definition", "testdata", "graph", "operation.svg"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := drawOperation(v, "svg"); err != nil || got != string(want) {
		t.Errorf("got %v\n%s\nwant\n%s", err, got, want)
	}
	if _, err := drawOperation(api.OperationView{Definition: "{"}, "dot"); err == nil {
		t.Error("a definition that cannot be read was drawn")
	}
}
