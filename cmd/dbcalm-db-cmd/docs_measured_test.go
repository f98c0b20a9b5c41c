package main

import "testing"

// docsCrashMatrix is what the newest `make crash` printed.
func docsCrashMatrix(t *testing.T) string {
	t.Helper()
	return readFile(t, "e2e/testdata/crash-matrix.md")
}

// docsSpeed is what the newest `make bench` printed.
func docsSpeed(t *testing.T) string {
	t.Helper()
	return readFile(t, "e2e/testdata/speed.md")
}

// docsGrowth is what the newest `make growth` printed.
func docsGrowth(t *testing.T) string {
	t.Helper()
	return readFile(t, "e2e/testdata/growth.md")
}

// docsLoad is what the newest `make load` printed.
func docsLoad(t *testing.T) string {
	t.Helper()
	return readFile(t, "e2e/testdata/load.md")
}

// docsVersions is what the newest whole `make matrix` printed.
func docsVersions(t *testing.T) string {
	t.Helper()
	return readFile(t, "e2e/testdata/versions.md")
}

// docsScreens is what the newest `make screens` printed.
func docsScreens(t *testing.T) string {
	t.Helper()
	return readFile(t, "e2e/testdata/screens.md")
}

// docsArchive is what the newest `make archive-speed` printed.
func docsArchive(t *testing.T) string {
	t.Helper()
	return readFile(t, "e2e/testdata/archive.md")
}
