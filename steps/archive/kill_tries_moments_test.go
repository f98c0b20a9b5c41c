//go:build moments

package archive

const killsTried = 100
