package definition

import (
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

func TestDiagrams(t *testing.T) {
	t.Parallel()
	for _, name := range Names() {
		for format, extension := range map[string]string{"mermaid": "mmd", "dot": "dot"} {
			text, err := Graph(name, format)
			if err != nil {
				t.Errorf("%s as %s: %v", name, format, err)
				continue
			}
			testkit.Golden(t, "graph/"+name+"."+extension, text)
		}
	}
}

func TestGraphIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := Graph("full_backup", "svg"); err == nil || !strings.Contains(err.Error(), "use mermaid or dot") {
		t.Errorf("unknown format: %v", err)
	}
	if _, err := Graph("nonsense", "dot"); err == nil || !strings.Contains(err.Error(), "there are delete_backup, full_backup") {
		t.Errorf("unknown machine: %v", err)
	}
}
