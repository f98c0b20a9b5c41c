package testkit

import (
	"os"
	"path/filepath"
	"testing"
)

// Test is a test and a folder of its own. What a test puts up, a host or a
// store say, embeds it.
type Test struct {
	T   *testing.T
	Dir string
}

// NewTest returns an empty folder that goes with the test, with these
// folders in it.
func NewTest(t *testing.T, folders ...string) Test {
	t.Helper()
	f := Test{T: t, Dir: t.TempDir()}
	for _, name := range folders {
		f.Must(os.Mkdir(filepath.Join(f.Dir, name), 0o750))
	}
	return f
}

// Must ends the test on an error.
func (f Test) Must(err error) {
	f.T.Helper()
	if err != nil {
		f.T.Fatal(err)
	}
}

// Script puts a shell script into the folder and returns its path.
func (f Test) Script(name, text string) string {
	f.T.Helper()
	return Program(f.T, filepath.Join(f.Dir, name), "#!/bin/sh\n"+text)
}

// WriteCredentials puts a credentials file into the folder and returns its path.
func (f Test) WriteCredentials(text string) string {
	f.T.Helper()
	path := filepath.Join(f.Dir, "credentials.cnf")
	f.Must(os.WriteFile(path, []byte(text), 0o600))
	return path
}

// Read returns what a file in the folder holds.
func (f Test) Read(name string) string {
	f.T.Helper()
	text, err := os.ReadFile(filepath.Join(f.Dir, name))
	f.Must(err)
	return string(text)
}
