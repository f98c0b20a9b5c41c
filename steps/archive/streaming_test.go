package archive

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/testkit"
)

// The program that asks for a log writes where the server tells it to: it can do so
// only where the server's user may, and what it writes is opened as what it is.
func TestWhoAsksForTheLogHasTheRightsOfTheServersUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can run programs with the rights of others")
	}
	for _, kind := range []string{server.MariaDB, server.MySQL} {
		t.Run(kind, func(t *testing.T) { hasRightsOfTheServersUser(t, kind) })
	}
}

func hasRightsOfTheServersUser(t *testing.T, kind string) {
	const user = 12345
	dir, name := t.TempDir(), programOf(&server.Server{DBType: kind}).name
	data, ours := filepath.Join(dir, "data"), filepath.Join(dir, "ours")
	a := &Archive{Folder: filepath.Join(dir, "archive")}
	for _, folder := range []string{data, ours, a.Folder} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(data, user, user); err != nil {
		t.Fatal(err)
	}
	testkit.Write(t, dir, map[string]string{"c": "[client-dbcalm]\nuser = u\npassword = s\nsocket = /s\n", "ours/passwd": "root\n"})
	if err := os.Chmod(filepath.Join(dir, "c"), 0o600); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "bin", name)
	testkit.Write(t, dir, map[string]string{"bin/" + name: fmt.Sprintf(`#!/bin/sh
for option; do
	case $option in
	--result-file=*) to=${option#*=} ;;
	--defaults-file=*) grep -q password "${option#*=}" || exit 1 ;;
	esac
done
id -u >"${to}b.000001"
echo evil >%[1]s/passwd
ln -s %[1]s/passwd "${to}b.000002"
`, ours)})
	for _, path := range []string{filepath.Dir(filepath.Dir(dir)), filepath.Dir(dir), dir, filepath.Dir(program), program} {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", filepath.Dir(program)+":"+os.Getenv("PATH"))
	s := NewStream(a, &server.Server{DBType: kind, DataDir: data, CredentialsFile: filepath.Join(dir, "c")})
	defer s.Close()
	s.listed = []server.LogFile{{Name: "b.000001", Size: 1}, {Name: "b.000002", Size: 1}}
	file, err := s.Open(t.Context(), "b.000001")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text := make([]byte, 5)
	if _, err := file.ReadAt(text, 0); err != nil || string(text) != fmt.Sprint(user) {
		t.Errorf("it ran as user %q: %v", text, err)
	}
	<-s.program.ended
	if _, err := s.Open(t.Context(), "b.000002"); err == nil || strings.Contains(err.Error(), "no such file") {
		t.Errorf("a link in its place is opened: %v", err)
	}
	if text, err := os.ReadFile(filepath.Join(ours, "passwd")); err != nil || string(text) != "root\n" {
		t.Errorf("it has written %q: %v", text, err)
	}
}
