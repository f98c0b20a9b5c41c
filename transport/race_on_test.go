//go:build race

package transport

// slowness is how much longer everything takes with the race detector.
const slowness = 8

// crowdSize is smaller with the race detector: its work is the test's own, too.
const crowdSize = 250
