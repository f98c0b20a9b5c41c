//go:build !moments

package archive

// killsTried is how often the daemon is killed; make moments does it more often.
const killsTried = 8
