package steps

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestProgramsOfARowAreThoseOfTheConfiguration(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"mariadb-backup", "mbstream", "mariadbd"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	tool, unpacker, server := filepath.Join(dir, "mariadb-backup"), filepath.Join(dir, "mbstream"), filepath.Join(dir, "mariadbd")
	h := NewHost(Settings{DBType: MariaDB, BackupBin: tool, ServerBin: server}, nil)
	right := &ToolInfo{Path: tool, Name: "mariabackup"}
	for name, test := range map[string]struct {
		data Data
		want string
	}{
		"nothing":             {Data{}, ""},
		"all right":           {Data{Tool: right, Unpacker: unpacker, ServerProgram: &ServerProgram{Path: server}}, ""},
		"another tool":        {Data{Tool: &ToolInfo{Path: "/tmp/evil", Name: "mariabackup"}}, "began with the backup tool /tmp/evil, and the configuration now names " + tool},
		"another unpacker":    {Data{Tool: right, Unpacker: "/tmp/evil"}, "began with the unpacker /tmp/evil"},
		"another server":      {Data{ServerProgram: &ServerProgram{Path: "/tmp/evil"}}, "began with the server's program /tmp/evil"},
		"an unknown unpacker": {Data{Tool: &ToolInfo{Path: tool, Name: "nonsense"}, Unpacker: unpacker}, "unpacker"},
	} {
		err := h.CheckPrograms(test.data)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}
