package server

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

func TestServerTellsWhereItsProgramsFilesAre(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	messages, plugins := filepath.Join(dir, "messages"), filepath.Join(dir, "plugins")
	testkit.Write(t, dir, map[string]string{"messages/x": "", "plugins/ha_archive.so": "", "plugins/other.so": ""})
	server := mariadbtest.Start(t, mariadbtest.WithArgs("--lc-messages-dir="+messages, "--plugin-dir="+plugins))
	h := serverOf(t, server)
	conn, err := h.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	version := mariadbtest.ServerSeries(t) + ".1-MariaDB"
	options, refused, err := conn.ProgramOptions(t.Context(), version)
	if err != nil || refused != nil {
		t.Fatal(err, refused)
	}
	for _, want := range []string{"lc-messages-dir=" + messages, "plugin-dir=" + plugins + "/"} {
		if !slices.Contains(options, want) {
			t.Errorf("%s is not in %q", want, options)
		}
	}
	for _, option := range options {
		if err := CheckProgramOption(option); err != nil {
			t.Error(err)
		}
	}
	if options, _, err := conn.ProgramOptions(t.Context(), "11.4.2-MariaDB"); err != nil || options != nil {
		t.Errorf("a server of another series is told %q, %v", options, err)
	}

	// What others could change is not told, and what lies in it not loaded.
	if err := os.Chmod(filepath.Join(plugins, "ha_archive.so"), 0o666); err != nil {
		t.Fatal(err)
	}
	options, refused, err = conn.ProgramOptions(t.Context(), version)
	if err != nil || strings.Contains(strings.Join(options, " "), "plugin") {
		t.Errorf("it is told %q, %v", options, err)
	}
	testkit.Says(t, refused, "plugin-dir="+plugins+"/: ", "ha_archive.so has mode 0666, so that others can change it")
}

func TestProgramOptionsAreOfAFixedKind(t *testing.T) {
	t.Parallel()
	for _, option := range []string{"", "basedir", "basedir=", "basedir=usr", "plugin-load-add=evil.so",
		"plugin-load-add=/x/ha_archive.so", "plugin-load=ha_archive.so", "init-file=/etc/passwd",
		"datadir=/var/lib/mysql", "basedir=/usr\n", "plugin_dir=/usr", "basedir=/usr --datadir=/x"} {
		testkit.Says(t, CheckProgramOption(option), "is no option that a server is started with to look at a backup")
	}
	open := filepath.Join(t.TempDir(), "open")
	if err := os.Mkdir(open, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	testkit.Says(t, CheckProgramOption("basedir="+open), "basedir="+open+": ", "has mode 0777, so that others can change it")
	for _, option := range []string{"basedir=/usr/", "plugin-load-add=ha_archive.so"} {
		if err := CheckProgramOption(option); err != nil {
			t.Error(err)
		}
	}
}
