package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
)

func TestWhatOthersCouldChangeIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(path string, mode os.FileMode) string {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	folder := func(path string, mode os.FileMode) string {
		path = filepath.Join(dir, path)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	link := func(target, path string) string {
		path = filepath.Join(dir, path)
		if err := os.Symlink(target, path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	folder("open", 0o775)
	folder("sticky", 0o777|os.ModeSticky)
	folder("closed", 0o755)
	tests := map[string]string{
		file("closed/program", 0o755):                         "",
		file("open/program", 0o755):                           "chmod go-w " + filepath.Join(dir, "open"),
		file("closed/wide", 0o757):                            "chmod go-w " + filepath.Join(dir, "closed/wide"),
		file("sticky/program", 0o755):                         "",
		filepath.Join(dir, "closed/not/there/yet"):            "",
		filepath.Join(dir, "open/not/there/yet"):              "chmod go-w " + filepath.Join(dir, "open"),
		link("closed/program", "fine"):                        "",
		link("open/program", "into"):                          "chmod go-w " + filepath.Join(dir, "open"),
		link(filepath.Join(dir, "open"), "absolute") + "/x":   "chmod go-w " + filepath.Join(dir, "open"),
		link("round", "round"):                                "too many links",
		"/proc/self/exe":                                      "",
		filepath.Join(link("closed", "folder"), "program"):    "",
		filepath.Join(link("open", "open-folder"), "program"): "chmod go-w " + filepath.Join(dir, "open"),
	}
	if os.Geteuid() == 0 {
		given := file("closed/given", 0o755)
		if err := os.Chown(given, 4242, -1); err != nil {
			t.Fatal(err)
		}
		tests[given] = "belongs to 4242, who could change it: chown -h root " + given
	}
	for path, want := range tests {
		err := trusted{"it", path}.check(os.Geteuid())
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}

	state := folder("state", 0o750)
	c := &config.Config{Path: file("config.yml", 0o640), StateDir: state,
		OnFinish: filepath.Join(dir, "closed/program") + " 'x' | " + filepath.Join(dir, "open/program")}
	err := checkTrusted(c)
	for _, want := range []string{"chmod 0700 " + state, "a program of on_finish: " + filepath.Join(dir, "open")} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if check := trustCheck(c, nil); check.OK || strings.Contains(check.Detail, "\n") {
		t.Errorf("the doctor says %+v", check)
	}
	c.OnFinish = ""
	if err := os.Chmod(state, 0o700); err != nil {
		t.Fatal(err)
	}
	if check := trustCheck(c, nil); !check.OK {
		t.Errorf("the doctor says %+v", check)
	}
	if check := trustCheck(c, map[string]bool{"state_dir": true}); !check.Unknown {
		t.Errorf("the doctor says %+v", check)
	}
}

func TestProgramsInACommandLine(t *testing.T) {
	t.Parallel()
	got := programsIn(`"/bin/sh" -c 'x' && cat /etc/passwd | /bin/cat >/dev/null; /no/such/program; env /bin/true`)
	if want := []string{"/bin/sh", "/bin/cat", "/bin/true"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
