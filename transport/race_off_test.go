//go:build !race

package transport

// crowdSize is how many clients are up to no good at once.
const crowdSize = 1000
