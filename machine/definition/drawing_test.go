package definition

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/steps/testkit"
)

// drawn is a machine and the path of an operation that was interrupted once and
// then failed.
func drawn(t *testing.T) (text string, p Path) {
	t.Helper()
	text, err := Source("delete_backup")
	if err != nil {
		t.Fatal(err)
	}
	p = Path{At: "halted", Broken: true}
	path := []string{"", "accept", "queued", "start", "validate", "ok", "retire", "redo", "retire", "ok", "erase", "failed", "halted"}
	for i := 0; i+2 < len(path); i += 2 {
		p.Passages = append(p.Passages, Passage{From: path[i], To: path[i+2], At: time.Date(2026, 11, 22, 22, 0, i, 0, time.UTC)})
	}
	return text, p
}

func TestOperationIsDrawn(t *testing.T) {
	t.Parallel()
	text, path := drawn(t)
	for format, file := range map[string]string{"mermaid": "graph/operation.mmd", "dot": "graph/operation.dot", "svg": "graph/operation.svg"} {
		got, err := Draw(text, path, format)
		if err != nil {
			t.Fatal(err)
		}
		testkit.Golden(t, file, got)
	}
	if _, err := Draw(text, path, "png"); err == nil || !strings.Contains(err.Error(), "use mermaid, dot or svg") {
		t.Errorf("got %v", err)
	}
	if _, err := Draw("{", path, "dot"); err == nil {
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
		svg, err := Draw(text, Path{}, "svg")
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
