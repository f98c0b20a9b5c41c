package main

import (
	"os"
	"testing"
)

// readmeCrashMatrix is what the newest `make crash` printed.
func readmeCrashMatrix(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("e2e/testdata/crash-matrix.md")
	if err != nil {
		t.Fatalf("%v: run make crash", err)
	}
	return string(text)
}

// readmeScreens is what the newest `make screens` printed.
func readmeScreens(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("e2e/testdata/screens.md")
	if err != nil {
		t.Fatalf("%v: run make screens", err)
	}
	return string(text)
}
