//go:build !race

package transporttest

const slowness = 1
