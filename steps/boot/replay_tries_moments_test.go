//go:build moments

package boot

const (
	movesTried = 19
	killsTried = 100
)
