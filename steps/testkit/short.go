package testkit

import "testing"

// NeedsServer leaves a test out of a short run that uses a database server or
// the tools that come with it. Any other run expects them to be there.
func NeedsServer(t testing.TB) {
	t.Helper()
	leaveOut(t, "it uses a database server or its tools")
}

// Slow leaves a test out of a short run that takes long: a second or more, or,
// with many like it, a good part of one.
func Slow(t testing.TB) {
	t.Helper()
	leaveOut(t, "it takes long")
}

func leaveOut(t testing.TB, why string) {
	t.Helper()
	if !testing.Short() {
		return
	}
	// .ci/quick counts the tests that say so, so that none is forgotten.
	t.Skip("left out of a short run: " + why)
}
