//go:build !race

package transport

const slowness = 1
