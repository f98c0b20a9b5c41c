package testkit

import (
	"os"
	"testing"
)

// Long reports whether LONG_TESTS is set, as it is in make long.
func Long() bool { return os.Getenv("LONG_TESTS") != "" }

// Some returns each fourth row of a long matrix, beginning with the first, and all
// of them in a long run.
func Some[T any](t testing.TB, matrix []T) []T {
	t.Helper()
	if Long() {
		return matrix
	}
	var some []T
	for i := 0; i < len(matrix); i += 4 {
		some = append(some, matrix[i])
	}
	t.Logf("%d of %d rows: make long runs all of them", len(some), len(matrix))
	return some
}
