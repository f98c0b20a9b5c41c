package tool

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRedoLogMustReachTheEnd truncates a redo log as a disk does that is full
// for a second: the tool then ends with "completed OK!" all the same.
func TestRedoLogMustReachTheEnd(t *testing.T) {
	t.Parallel()
	c := Checkpoints{ToLSN: 62579, LastLSN: 66998}
	whole := append([]byte(redoLogMagic), bytes.Repeat([]byte{0}, redoLogHeader-len(redoLogMagic)+66998-62579)...)
	for _, tt := range []struct {
		name    string
		content []byte
		want    string
	}{
		{"whole", whole, ""},
		{"longer, as when a checkpoint came between", append(whole, 1, 2, 3), ""},
		{"a byte short", whole[:len(whole)-1], "the newest transactions are missing"},
		{"header only", whole[:redoLogHeader], "the newest transactions are missing"},
		{"empty", nil, "redo log is empty"},
		{"of an older format", []byte("\x00\x00\x00\x67 and so on"), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "ib_logfile0"), tt.content, 0o600); err != nil {
				t.Fatal(err)
			}
			err := proveRedoLog(dir, c)
			if tt.want == "" && err != nil {
				t.Errorf("refused: %v", err)
			}
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want an error that says %q", err, tt.want)
			}
		})
	}
}
