//go:build race

package transport

// crowdSize is smaller with the race detector: its work is the test's own, too.
const crowdSize = 250
