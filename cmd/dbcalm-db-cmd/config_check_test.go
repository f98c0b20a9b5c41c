package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
	"dbcalm-db-cmd/steps/testkit"
)

func TestConfigCheck(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]int{
		"shared": exitOK, "full": exitOK, "warnings": exitOK, "broken": exitConfig, "none": exitConfig,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := newInvocation(t, nil)
			in.expect(t, code, "config", "check", "--config", "testdata/config/"+name+".yml")
			testkit.Golden(t, "config/"+name+".txt", in.stdout.String()+"-- stderr\n"+in.stderr.String())

			in = newInvocation(t, nil)
			in.expect(t, code, "config", "check", "--json", "--config", "testdata/config/"+name+".yml")
			testkit.Golden(t, "config/"+name+".json", in.stdout.String())
			if !json.Valid(in.stdout.Bytes()) {
				t.Error("not JSON")
			}
		})
	}
}

// What the daemon refuses to start with is a problem here, too, and not only its keys.
func TestConfigCheckLooksAtWhoMayChangeWhat(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(state, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "config.yml")
	text, err := os.ReadFile("testdata/config/full.yml")
	if err == nil {
		err = os.WriteFile(path, regexp.MustCompile(`(?m)^state_dir:.*`).ReplaceAll(text, []byte("state_dir: "+state)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	in := newInvocation(t, nil)
	in.source.exposures = exposures
	in.expect(t, exitConfig, "config", "check", "--config", path)
	testkit.Says(t, errors.New(in.stdout.String()+in.stderr.String()),
		"chmod 0700 "+state, "1 problem in the configuration: the daemon would not start")
	if err := os.Chmod(state, 0o700); err != nil {
		t.Fatal(err)
	}
	in = newInvocation(t, nil)
	in.source.exposures = exposures
	in.expect(t, exitOK, "config", "check", "--config", path)
}

func TestConfigExample(t *testing.T) {
	t.Parallel()
	in := newInvocation(t, nil)
	in.expect(t, exitOK, "config", "example")
	if want, err := config.Example(program); err != nil || in.stdout.String() != want {
		t.Errorf("%v, got:\n%s", err, &in.stdout)
	}
}

func TestConfigCheckPrintsNoSecret(t *testing.T) {
	t.Parallel()
	for file, secret := range map[string]string{"shared": "a-secret-nobody-may-see", "broken": "hunter2"} {
		for _, format := range []string{"--json=false", "--json"} {
			in := newInvocation(t, nil)
			in.run(t.Context(), []string{"config", "check", format, "--config", "testdata/config/" + file + ".yml"})
			if text := in.stdout.String() + in.stderr.String(); strings.Contains(text, secret) {
				t.Errorf("%s.yml %s: the secret is printed:\n%s", file, format, text)
			}
		}
	}
}

// Every problem is a line of its own when the daemon refuses to start.
func TestServeRefusesABrokenConfiguration(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"serve"}, {}} {
		in := newInvocation(t, nil)
		in.expect(t, exitConfig, append(args, "--config", "testdata/config/broken.yml")...)
		testkit.Golden(t, "config/broken_serve.txt", in.stderr.String())
	}
}
