package packaging

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// exposure is how exposed systemd-analyze may find the unit, in tenths. It
// counts what the daemon cannot do without: to be root, to read any file, to run
// the tool as another user, to reach the network for forwarded backups.
const exposure = "35"

// installUnit installs for real, below a folder of the test's own, so that the
// program the unit names is there.
func installUnit(t *testing.T) (prefix, unit string) {
	t.Helper()
	tree, _ := build(t)
	prefix = t.TempDir()
	run(t, "bash", "cmd/dbcalm-db-cmd/packaging/install.sh", filepath.Join(tree, "usr/bin/dbcalm-db-cmd"), prefix)
	return prefix, filepath.Join(prefix, "lib/systemd/system/dbcalm-db-cmd.service")
}

func TestUnitIsRight(t *testing.T) {
	t.Parallel()
	prefix, unit := installUnit(t)
	// It also looks for the page of the manual that the unit names.
	out, err := try(t, "env", "MANPATH="+filepath.Join(prefix, "share/man"), "systemd-analyze", "verify", unit)
	if err != nil || strings.Contains(out, "dbcalm-db-cmd.service") {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

func TestUnitIsHardened(t *testing.T) {
	t.Parallel()
	_, unit := installUnit(t)
	if out, err := try(t, "systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold="+exposure, unit); err != nil {
		t.Errorf("systemd-analyze security: %v\n%s", err, out)
	}
}

// A mistake in the unit is found: what passes here has been looked at.
func TestUnitIsLookedAt(t *testing.T) {
	t.Parallel()
	_, unit := installUnit(t)
	text, err := os.ReadFile(unit)
	if err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), filepath.Base(unit))
	change := "\n[Service]\nWatchdogSec=soon\nProtectSystem=no\nNoNewPrivileges=no\nCapabilityBoundingSet=~\n"
	if err := os.WriteFile(broken, append(text, change...), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, _ := try(t, "systemd-analyze", "verify", "--man=no", broken); !strings.Contains(out, "dbcalm-db-cmd.service:") {
		t.Errorf("verify finds nothing wrong:\n%s", out)
	}
	if out, err := try(t, "systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold="+exposure, broken); err == nil {
		t.Errorf("security finds nothing wrong:\n%s", out)
	}
}

// tmpfiles and sysusers take their files, and make what the unit relies on.
func TestFoldersAreMade(t *testing.T) {
	t.Parallel()
	tree, _ := build(t)
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tmpfiles.d", "sysusers.d"} {
		folder := filepath.Join(root, "usr/lib", name)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		run(t, "cp", filepath.Join(tree, "usr/lib", name, "dbcalm-db-cmd.conf"), folder)
	}
	if os.Getuid() != 0 {
		t.Skip("only root can make groups and give folders away")
	}
	run(t, "systemd-sysusers", "--root="+root)
	run(t, "systemd-tmpfiles", "--root="+root, "--create", "dbcalm-db-cmd.conf")
	modes := func() string {
		return run(t, "stat", "--format=%n %a", filepath.Join(root, "run/dbcalm"), filepath.Join(root, "var/lib/dbcalm"),
			filepath.Join(root, "var/lib/dbcalm-db-cmd"), filepath.Join(root, "var/backups/dbcalm"))
	}
	want := root + "/run/dbcalm 2775\n" + root + "/var/lib/dbcalm 2770\n" + root + "/var/lib/dbcalm-db-cmd 700\n" +
		root + "/var/backups/dbcalm 750\n"
	if got := modes(); got != want {
		t.Errorf("made are\n%s\nwant\n%s", got, want)
	}
	// DBCalm's API, in this group, sees which backups are there.
	group := strings.Split(run(t, "grep", "^dbcalm:", filepath.Join(root, "etc/group")), ":")[2]
	if got := strings.TrimSpace(run(t, "stat", "--format=%u:%g", filepath.Join(root, "var/backups/dbcalm"))); got != "0:"+group {
		t.Errorf("the store belongs to %s, and the group is %s", got, group)
	}
	// What an administrator or the API server has made of a folder stays.
	if err := os.Chmod(filepath.Join(root, "var/backups/dbcalm"), 0o700); err != nil {
		t.Fatal(err)
	}
	run(t, "systemd-tmpfiles", "--root="+root, "--create", "dbcalm-db-cmd.conf")
	if got, want := modes(), strings.Replace(want, " 750", " 700", 1); got != want {
		t.Errorf("after a second time\n%s\nwant\n%s", got, want)
	}
}
