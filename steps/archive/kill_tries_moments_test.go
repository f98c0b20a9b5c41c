//go:build moments

package archive

import "time"

const (
	killsTried = 100
	killedIn   = time.Second
)
