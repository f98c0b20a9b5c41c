package server

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

// The tool runs with the rights of the data directory's owner, and would log in
// with less than we know if that user could not read what the credentials name.
func TestCredentialsNameWhatTheToolMayRead(t *testing.T) {
	t.Parallel()
	data, private := ownedDataDir(t)
	testkit.Write(t, private, map[string]string{"more.cnf": "[client]\nuser=more\n", "d/more.cnf": ""})
	h := newServer(t)
	h.DataDir = data
	open := filepath.Join(data, "open.cnf")
	if err := errors.Join(os.WriteFile(open, []byte("[client]\n"), 0o644), os.Chmod(open, 0o644)); err != nil {
		t.Fatal(err)
	}
	for lines, want := range map[string]string{
		"":                               "",
		"!include " + open + "\n":        "",
		"!include PRIVATE/more.cnf\n":    "PRIVATE/more.cnf",
		"!includedir PRIVATE/d\n":        "PRIVATE/d, PRIVATE/d/more.cnf",
		"ssl-ca=" + open + "\n":          "",
		"ssl-cert=PRIVATE/more.cnf\n":    "PRIVATE/more.cnf",
		"ssl-key=PRIVATE/nowhere/at.key": "PRIVATE/nowhere/at.key",
	} {
		h.WriteCredentials("[client-dbcalm]\nuser=a\n" + strings.ReplaceAll(lines, "PRIVATE", private))
		err := h.CheckToolReads()
		if want == "" {
			if err != nil {
				t.Errorf("%q: %v", lines, err)
			}
			continue
		}
		testkit.Says(t, err, h.CredentialsFile+" names "+strings.ReplaceAll(want, "PRIVATE", private)+", and the backup tool runs as user ",
			"who may not read that: give that user, or a group of theirs, the right to read it")
	}
	h.WriteCredentials("[client-dbcalm]\nuser=a\nssl-ca=" + filepath.Join(data, "nowhere.pem") + "\n")
	testkit.Says(t, h.CheckToolReads(), "look whether the tool may read what "+h.CredentialsFile+" names: open ", "no such file or directory")
	// Without other rights than ours, there is nothing to ask.
	h.DataDir = private
	if err := h.CheckToolReads(); err != nil {
		t.Error(err)
	}
}
