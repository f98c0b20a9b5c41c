package tool

import (
	"os"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/testkit"
)

func TestUnpackerIsFound(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", filepath.Join(dir, "path"))
	program := func(name string) string {
		testkit.Write(t, dir, map[string]string{name: "#!/bin/sh\n"})
		if err := os.Chmod(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		return filepath.Join(dir, name)
	}
	for _, test := range []struct{ dbType, tool, name, advice string }{
		{server.MariaDB, "mariabackup", "mbstream", "install the package mariadb-backup"},
		{server.MySQL, "xtrabackup", "xbstream", "install Percona XtraBackup of the server's series"},
	} {
		h := steps.NewHost(steps.Settings{DBType: test.dbType}, nil)
		tool := Info{Name: test.tool, Path: filepath.Join(dir, "beside", test.tool)}
		_, err := h.FindUnpacker(tool)
		testkit.Says(t, err, "no "+test.name+" beside "+tool.Path+" or on PATH, which unpacks streamed backups: "+test.advice)
		for _, place := range []string{"path", "beside"} {
			want := program(place + "/" + test.name)
			if got, err := h.FindUnpacker(tool); err != nil || got != want {
				t.Errorf("found %s, %v; want %s", got, err, want)
			}
		}
	}
}
