package main

import "testing"

// docsMeasured is what the newest run of a target that measures has printed: make
// crash, bench, growth, load, matrix (a whole one), screens or archive-speed.
func docsMeasured(name string) func(*testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		return readFile(t, "e2e/testdata/"+name+".md")
	}
}
