//go:build !moments

package boot

// How often the replays are tried; make moments tries more.
const (
	movesTried = 3
	killsTried = 12
)
