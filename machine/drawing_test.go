package machine

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"dbcalm-db-cmd/machine/definition"
)

// An operation is drawn on the machine it began with, along its transitions.
func TestOperationIsDrawn(t *testing.T) {
	t.Parallel()
	text, err := definition.Source("delete_backup")
	if err != nil {
		t.Fatal(err)
	}
	v := OperationView{Definition: text, OperationSummary: OperationSummary{State: "halted", Status: "failed"}}
	path := []string{"", "queued", "validate", "retire", "retire", "erase", "halted"}
	for i := range len(path) - 1 {
		v.Transitions = append(v.Transitions, TransitionView{From: path[i], To: path[i+1], At: time.Date(2026, 11, 22, 22, 0, 2*i, 0, time.UTC)})
	}
	want, err := os.ReadFile(filepath.Join("definition", "testdata", "graph", "operation.svg"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := DrawOperation(v, "svg"); err != nil || got != string(want) {
		t.Errorf("got %v\n%s\nwant\n%s", err, got, want)
	}
	if _, err := DrawOperation(OperationView{Definition: "{"}, "dot"); err == nil {
		t.Error("a definition that cannot be read was drawn")
	}
}
