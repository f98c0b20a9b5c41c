//go:build race

package testkit

// RaceDetector reports whether the tests were built with the race detector,
// which makes code several times slower.
const RaceDetector = true
