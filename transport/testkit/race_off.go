//go:build !race

package testkit

const slowness = 1
