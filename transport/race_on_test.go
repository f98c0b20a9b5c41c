//go:build race

package transport

// slowness is how much longer everything takes with the race detector.
const slowness = 8
