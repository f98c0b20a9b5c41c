package main

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
	"dbcalm-db-cmd/steps/job"
)

func TestRunWithoutAProcess(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	env := func(name string) string {
		return map[string]string{config.Variable: filepath.Join(t.TempDir(), "none.yml")}[name]
	}
	code := run(t.Context(), []string{"config", "check"}, strings.NewReader(""), &stdout, &stderr, env)
	if code != exitConfig {
		t.Errorf("exit code %d, want %d", code, exitConfig)
	}
	contains(t, "stdout", stdout.String(), "none.yml: no such file")
}

func TestExitCode(t *testing.T) {
	t.Parallel()
	plain := errors.New("broken")
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, exitOK},
		{exitWith(exitConfig, nil), exitOK},
		{plain, exitFailed},
		{exitWith(exitRunning, plain), exitRunning},
		{fmt.Errorf("serve: %w", exitWith(exitRunning, plain)), exitRunning},
	} {
		if got := exitCode(c.err); got != c.want {
			t.Errorf("exit code of %v: %d, want %d", c.err, got, c.want)
		}
	}
	if !errors.Is(exitWith(exitRunning, plain), plain) {
		t.Error("an exit code hides its error")
	}
}

func TestShellWord(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"full-1":       "full-1",
		"/run/a.sock":  "/run/a.sock",
		"":             "''",
		"two words":    "'two words'",
		"it's":         `'it'\''s'`,
		"$(reboot)":    "'$(reboot)'",
		"--config=a;b": "'--config=a;b'",
	} {
		if got := job.QuoteWord(word); got != want {
			t.Errorf("job.QuoteWord(%q) = %s, want %s", word, got, want)
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestAnswerThatCannotBeWrittenIsAFailure(t *testing.T) {
	t.Parallel()
	in := newInvocation(t, nil)
	in.screen.Out = brokenWriter{}
	in.expect(t, exitFailed, "version")
	contains(t, "stderr", in.stderr.String(), "write the answer: no space left on device")
}
