package steps

import (
	"os"
	"path/filepath"
	"testing"

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
		{MariaDB, "mariabackup", "mbstream", "install the package mariadb-backup"},
		{MySQL, "xtrabackup", "xbstream", "install Percona XtraBackup of the server's series"},
	} {
		h := NewHost(Settings{DBType: test.dbType}, nil)
		tool := ToolInfo{Name: test.tool, Path: filepath.Join(dir, "beside", test.tool)}
		_, err := h.findUnpacker(tool)
		testkit.Says(t, err, "no "+test.name+" beside "+tool.Path+" or on PATH, which unpacks streamed backups: "+test.advice)
		for _, place := range []string{"path", "beside"} {
			want := program(place + "/" + test.name)
			if got, err := h.findUnpacker(tool); err != nil || got != want {
				t.Errorf("found %s, %v; want %s", got, err, want)
			}
		}
	}
}

func TestRestoreOfAStreamNeedsAnUnpacker(t *testing.T) {
	testkit.Slow(t)
	h := packedLinks(t, "stream", "directory")
	t.Setenv("PATH", "/nowhere")
	h.BackupBin = h.Script("tool", fakeBanner)
	_, err := h.validateRestore(t.Context(), h.restoreTask("full", "inc"))
	testkit.Says(t, err, "no mbstream beside "+h.BackupBin+" or on PATH")
	plain := twoLinks(t)
	plain.BackupBin = plain.Script("tool", fakeBanner)
	if _, err := plain.validateRestore(t.Context(), plain.restoreTask("full", "inc")); err != nil {
		t.Errorf("without streams: %v", err)
	}
}
