package steps

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
	disktest "dbcalm-db-cmd/steps/testkit/disk"
)

const fakeBanner = "echo mariabackup based on MariaDB server 10.11.19-MariaDB\n"

func TestRestoreIsValidated(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	if !disktest.Enter(t) {
		return
	}
	for name, test := range map[string]struct {
		target string
		spoil  func(h *testHost)
		want   string
	}{
		"to a folder":      {"folder", func(*testHost) {}, ""},
		"to the database":  {"database", func(*testHost) {}, ""},
		"of older backups": {"folder", func(h *testHost) { h.Must(os.Remove(filepath.Join(h.BackupFolder("full"), ManifestName))) }, ""},
		"a damaged chain":  {"folder", func(h *testHost) { h.Must(os.Truncate(filepath.Join(h.BackupFolder("full"), "ibdata1"), 1)) }, "backup 'full' is damaged"},
		"no tool":          {"folder", func(h *testHost) { h.Must(os.Remove(h.BackupBin)) }, "is not there"},
		"a tool of another series": {"folder", func(h *testHost) {
			h.BackupBin = h.Script("other", "echo mariabackup based on MariaDB server 11.4.2-MariaDB\n")
		}, "backup 'full' cannot be prepared: mariabackup 11.4.2-MariaDB does not fit MariaDB 10.11.6-MariaDB"},
		"a data directory in use": {"database", func(h *testHost) { testkit.Write(h.T, h.DataDir, map[string]string{"x": ""}) }, "data directory is not empty"},
		"files beside it":         {"folder", func(h *testHost) { testkit.Write(h.T, h.DataDir, map[string]string{"x": ""}) }, ""},
		"a split layout": {"database", func(h *testHost) {
			h.ServerDefaultsFile = filepath.Join(h.Dir, "my.cnf")
			testkit.Write(h.T, h.Dir, map[string]string{"my.cnf": "[mysqld]\ninnodb_log_group_home_dir=/redo\n"})
		}, "restore to a folder and copy from there"},
		"no room in the data directory": {"database", func(h *testHost) { h.DataDir = disktest.Small(h.T, 1<<20) }, "not enough room for the restore on the file system of "},
	} {
		t.Run(name, func(t *testing.T) {
			h := twoLinks(t)
			h.BackupBin = h.Script("tool", fakeBanner)
			test.spoil(h)
			task := Task{Operation: "op", Args: Args{IDList: []string{"full", "inc"}, Target: test.target, TmpDir: filepath.Join(h.BackupDir, "restores", "x")}}
			before := testkit.Tree(t, h.Dir)
			out, err := h.validateRestore(t.Context(), task)
			if test.want != "" {
				testkit.Says(t, err, test.want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if out.Data.Tool == nil || out.Data.Placement == nil || !strings.Contains(out.Reason, "chain of 2") {
				t.Errorf("got %+v", out)
			}
			if after := testkit.Tree(t, h.Dir); len(after) != len(before) {
				t.Errorf("something was written: %v", after)
			}
		})
	}
}
