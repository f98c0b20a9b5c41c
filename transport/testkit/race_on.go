//go:build race

package transporttest

// slowness is how much longer everything takes with the race detector.
const slowness = 8
