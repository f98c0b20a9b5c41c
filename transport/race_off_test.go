//go:build !race

package transport

const slowness = 1

// crowdSize is how many clients are up to no good at once.
const crowdSize = 1000
