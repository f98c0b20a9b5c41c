package steps

import (
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/steps/boot"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/testkit"
	"dbcalm-db-cmd/steps/tool"
)

func TestProgramsOfARowAreThoseOfTheConfiguration(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"mariadb-backup", "mbstream", "mariadbd"} {
		testkit.Program(t, filepath.Join(dir, name), "#!/bin/sh\n")
	}
	toolPath, unpacker, serverPath := filepath.Join(dir, "mariadb-backup"), filepath.Join(dir, "mbstream"), filepath.Join(dir, "mariadbd")
	h := NewHost(Settings{DBType: server.MariaDB, BackupBin: toolPath, ServerBin: serverPath}, nil)
	evil := Data{Tool: &tool.Info{Path: "/tmp/evil", Name: "mariabackup", Version: "10.11"}, Unpacker: "/tmp/evil",
		ServerProgram: &boot.Program{Path: "/tmp/evil"}}
	got, err := h.WithPrograms(evil)
	if err != nil || got.Tool.Path != toolPath || got.Tool.Version != "10.11" || got.Unpacker != unpacker ||
		got.ServerProgram.Path != serverPath {
		t.Errorf("got %+v, %v", got, err)
	}
	if evil.Tool.Path != "/tmp/evil" {
		t.Error("the data that was given was changed")
	}
	if got, err := h.WithPrograms(Data{}); err != nil || got.Tool != nil || got.Unpacker != "" || got.ServerProgram != nil {
		t.Errorf("of nothing: %+v, %v", got, err)
	}
}
