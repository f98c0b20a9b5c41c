package main

import (
	"encoding/json"
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
