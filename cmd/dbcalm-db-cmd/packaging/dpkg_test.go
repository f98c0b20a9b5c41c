package packaging

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// machine is a root file system with nothing on it but dpkg's records.
type machine struct {
	*testing.T
	root string
}

func newMachine(t *testing.T) machine {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can install a package; make trial does it too")
	}
	m := machine{T: t, root: t.TempDir()}
	m.write("var/lib/dpkg/status", "")
	m.write("var/lib/dpkg/updates/.keep", "")
	m.write("var/lib/dpkg/info/.keep", "")
	m.write("etc/group", "root:x:0:\n")
	m.write("etc/gshadow", "")
	m.write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
	m.write("etc/login.defs", "")
	return m
}

func (m machine) path(name string) string { return filepath.Join(m.root, name) }

func (m machine) write(name, text string) {
	m.Helper()
	if err := os.MkdirAll(filepath.Dir(m.path(name)), 0o755); err != nil {
		m.Fatal(err)
	}
	if err := os.WriteFile(m.path(name), []byte(text), 0o644); err != nil {
		m.Fatal(err)
	}
}

// dpkg works on that file system alone: the package's scripts run outside it,
// are told where it is, and touch nothing else.
func (m machine) dpkg(args ...string) string {
	m.Helper()
	return run(m.T, "dpkg", append([]string{"--root=" + m.root, "--log=" + m.path("dpkg.log"), "--force-script-chrootless", "--force-depends",
		"--force-unsafe-io"}, args...)...)
}

func (m machine) has(want bool, names ...string) {
	m.Helper()
	for _, name := range names {
		if _, err := os.Lstat(m.path(name)); (err == nil) != want {
			m.Errorf("%s is there: %v, %v", name, !want, err)
		}
	}
}

func TestPackageComesAndGoes(t *testing.T) {
	t.Parallel()
	_, deb := build(t)
	m := newMachine(t)
	const enabled = "etc/systemd/system/multi-user.target.wants/dbcalm-db-cmd.service"

	if said := m.dpkg("--install", deb); !strings.Contains(said, "to begin, make /etc/dbcalm/config.yml") {
		t.Errorf("it does not say how to begin:\n%s", said)
	}
	m.has(true, "usr/bin/dbcalm-db-cmd", enabled, "run/dbcalm", "var/lib/dbcalm", "var/backups/dbcalm")
	if group, err := os.ReadFile(m.path("etc/group")); err != nil || !strings.Contains(string(group), "\ndbcalm:") {
		t.Errorf("the groups are %s, %v", group, err)
	}
	if version := run(t, m.path("usr/bin/dbcalm-db-cmd"), "version"); !strings.HasPrefix(version, "dbcalm-db-cmd ") {
		t.Errorf("the program says %s", version)
	}

	m.write("etc/dbcalm/config.yml", "db_type: mariadb\n")
	m.write("var/backups/dbcalm/monday/ibdata1", "data")
	m.write("var/lib/dbcalm/db.sqlite3", "tables")
	m.write("var/lib/dbcalm/db.sqlite3.lock", "1")
	m.write("var/lib/dbcalm-db-cmd/daemon.lock", "1")
	kept := []string{"etc/dbcalm/config.yml", "var/backups/dbcalm/monday/ibdata1", "var/lib/dbcalm/db.sqlite3"}
	own := []string{"var/lib/dbcalm-db-cmd", "var/lib/dbcalm/db.sqlite3.lock"}

	if said := m.dpkg("--install", deb); strings.Contains(said, "to begin") {
		t.Errorf("an upgrade speaks to a beginner:\n%s", said)
	}
	m.has(true, append(append(kept, own...), enabled)...)

	m.dpkg("--remove", "dbcalm-db-cmd")
	m.has(false, "usr/bin/dbcalm-db-cmd", "usr/lib/systemd", "usr/share/doc/dbcalm-db-cmd")
	m.has(true, append(kept, own...)...)

	m.dpkg("--purge", "dbcalm-db-cmd")
	m.has(false, append(own, enabled, "run/dbcalm")...)
	m.has(true, kept...)
}

// A unit that an administrator has disabled is not enabled by an upgrade.
func TestUpgradeLeavesADisabledUnitDisabled(t *testing.T) {
	t.Parallel()
	_, deb := build(t)
	m := newMachine(t)
	const enabled = "etc/systemd/system/multi-user.target.wants/dbcalm-db-cmd.service"
	m.dpkg("--install", deb)
	if err := os.Remove(m.path(enabled)); err != nil {
		t.Fatal(err)
	}
	m.dpkg("--install", deb)
	m.has(false, enabled)
}

// Nothing that is not there is made by a purge, and nothing is missed.
func TestPurgeOfWhatWasNeverUsed(t *testing.T) {
	t.Parallel()
	_, deb := build(t)
	m := newMachine(t)
	m.dpkg("--install", deb)
	m.dpkg("--purge", "dbcalm-db-cmd")
	m.has(false, "run/dbcalm", "var/lib/dbcalm", "var/backups/dbcalm", "etc/dbcalm", "usr/bin")
}
