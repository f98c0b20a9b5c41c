package server

import (
	"errors"
	"os"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

func TestCredentials(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text string
		want Credentials
	}{
		"all of it": {"[client-dbcalm]\nuser=backup\npassword='p #1'\nhost=db1\nsocket=/s\nport=3307\n",
			Credentials{User: "backup", Password: "p #1", Host: "db1", Socket: "/s", Port: "3307"}},
		"the tools' common section too": {"[client]\nuser=a\nsocket=/s\n[client-dbcalm]\nuser=b\n", Credentials{User: "b", Socket: "/s"}},
		"a user of the common section":  {"[client]\nuser=a\n[client-dbcalm]\n", Credentials{User: "a"}},
		"other sections":                {"[mysqld]\nuser=mysql\n[client-dbcalm]\nuser=b\n[mysqldump]\nuser=c\n", Credentials{User: "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServer(t)
			h.WriteCredentials(test.text)
			if got, err := h.Credentials(); err != nil || got != test.want {
				t.Errorf("got %+v, %v, want %+v", got, err, test.want)
			}
		})
	}
}

func TestCredentialsAreRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare func(h *testServer)
		want    string
	}{
		"missing":    {func(*testServer) {}, "create "},
		"a folder":   {func(h *testServer) { _ = os.Mkdir(h.CredentialsFile, 0o700) }, "is a directory"},
		"no section": {func(h *testServer) { h.WriteCredentials("[client]\nuser=a\n") }, "add it to "},
		"no user":    {func(h *testServer) { h.WriteCredentials("[client-dbcalm]\npassword=secret\n") }, "has no user"},
		"no format":  {func(h *testServer) { h.WriteCredentials("password=secret\n") }, "stands before any section"},
		"anyone's": {func(h *testServer) {
			h.WriteCredentials("[client-dbcalm]\nuser=a\n")
			if err := os.Chmod(h.CredentialsFile, 0o666); err != nil {
				h.T.Fatal(err)
			}
		}, "because everyone may write it: chmod 600 it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServer(t)
			test.prepare(h)
			_, err := h.Credentials()
			if !errors.Is(err, ErrCredentials) {
				t.Errorf("got %v", err)
			}
			testkit.Says(t, err, "credentials file not found or missing [client-dbcalm] section", h.CredentialsFile, test.want)
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error tells the password: %v", err)
			}
			if err := h.Reachable(t.Context()); !errors.Is(err, ErrCredentials) {
				t.Errorf("reachable: %v", err)
			}
		})
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ password, output, want string }{
		{"s3cret", "user backup, password s3cret; again: s3cret", "user backup, password ***; again: ***"},
		{"p&ss wort", "dsn root:p%26ss+wort@unix", "dsn root:***@unix"},
		{"abc", "abc is too short to tell from a word", "abc is too short to tell from a word"},
		{"", "nothing to hide", "nothing to hide"},
	} {
		h := newServer(t)
		h.WriteCredentials("[client-dbcalm]\nuser=backup\npassword=\"" + test.password + "\"\n")
		if got := h.Redact(test.output); got != test.want {
			t.Errorf("%q without %q is %q", test.output, test.password, got)
		}
	}
	if got := newServer(t).Redact("no credentials"); got != "no credentials" {
		t.Errorf("without a file: %q", got)
	}
}
