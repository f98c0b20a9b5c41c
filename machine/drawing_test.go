package machine

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/steps/testkit"
)

// drawn is an operation that was interrupted once and then failed.
func drawn(t *testing.T) OperationView {
	t.Helper()
	text, err := Source("delete_backup")
	if err != nil {
		t.Fatal(err)
	}
	v := OperationView{Definition: text, OperationSummary: OperationSummary{Machine: "delete_backup", State: "halted", Status: "failed"}}
	path := []string{"", "accept", "queued", "start", "validate", "ok", "retire", "redo", "retire", "ok", "erase", "failed", "halted"}
	for i := 0; i+2 < len(path); i += 2 {
		v.Transitions = append(v.Transitions, TransitionView{From: path[i], Event: path[i+1], To: path[i+2], At: time.Date(2026, 11, 22, 22, 0, i, 0, time.UTC)})
	}
	return v
}

func TestOperationIsDrawn(t *testing.T) {
	t.Parallel()
	for format, file := range map[string]string{"mermaid": "graph/operation.mmd", "dot": "graph/operation.dot", "svg": "graph/operation.svg"} {
		got, err := DrawOperation(drawn(t), format)
		if err != nil {
			t.Fatal(err)
		}
		testkit.Golden(t, file, got)
	}
	if _, err := DrawOperation(drawn(t), "png"); err == nil || !strings.Contains(err.Error(), "use mermaid, dot or svg") {
		t.Errorf("got %v", err)
	}
	if _, err := DrawOperation(OperationView{Definition: "{"}, "dot"); err == nil {
		t.Error("a definition that cannot be read was drawn")
	}
}

func TestDrawingsAreWellFormed(t *testing.T) {
	t.Parallel()
	for _, name := range Names() {
		text, err := Source(name)
		if err != nil {
			t.Fatal(err)
		}
		svg, err := DrawOperation(OperationView{Definition: text}, "svg")
		if err != nil {
			t.Fatal(err)
		}
		decoder := xml.NewDecoder(strings.NewReader(svg))
		for err == nil {
			_, err = decoder.Token()
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
