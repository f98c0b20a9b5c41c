package testkit

import (
	"os"
	"path/filepath"
	"testing"
)

// Folder is a test and a folder of its own. What a test puts up, a host or a
// store say, embeds it.
type Folder struct {
	T   *testing.T
	Dir string
}

// NewFolder returns an empty folder that goes with the test, with these
// folders in it.
func NewFolder(t *testing.T, folders ...string) Folder {
	t.Helper()
	f := Folder{T: t, Dir: t.TempDir()}
	for _, name := range folders {
		f.Must(os.Mkdir(filepath.Join(f.Dir, name), 0o750))
	}
	return f
}

// Must ends the test on an error.
func (f Folder) Must(err error) {
	f.T.Helper()
	if err != nil {
		f.T.Fatal(err)
	}
}

// Script puts a shell script into the folder and returns its path.
func (f Folder) Script(name, text string) string {
	f.T.Helper()
	path := filepath.Join(f.Dir, name)
	f.Must(os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755))
	return path
}

// WriteCredentials puts a credentials file into the folder and returns its path.
func (f Folder) WriteCredentials(text string) string {
	f.T.Helper()
	path := filepath.Join(f.Dir, "credentials.cnf")
	f.Must(os.WriteFile(path, []byte(text), 0o600))
	return path
}

// Read returns what a file in the folder holds.
func (f Folder) Read(name string) string {
	f.T.Helper()
	text, err := os.ReadFile(filepath.Join(f.Dir, name))
	f.Must(err)
	return string(text)
}
