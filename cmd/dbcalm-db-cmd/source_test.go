package main

import (
	"testing"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
)

func TestConfigPathPrecedence(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ flag, env, want string }{
		{"", "", config.DefaultPath},
		{"", "/from/env.yml", "/from/env.yml"},
		{"/from/flag.yml", "", "/from/flag.yml"},
		{"/from/flag.yml", "/from/env.yml", "/from/flag.yml"},
	} {
		in := newInvocation(t, nil)
		in.source.env = func(name string) string { return map[string]string{config.Variable: c.env}[name] }
		in.source.flag = c.flag
		if got := in.source.path(); got != c.want {
			t.Errorf("flag %q, variable %q: got %s, want %s", c.flag, c.env, got, c.want)
		}
	}
}

func TestConfigPathFromTheCommandLine(t *testing.T) {
	t.Parallel()
	in := newInvocation(t, nil)
	in.source.env = func(name string) string { return map[string]string{config.Variable: "/no/such/file.yml"}[name] }
	in.expect(t, exitConfig, "config", "check")
	in.expect(t, exitOK, "--config", "testdata/config/shared.yml", "config", "check")
}
