//go:build !moments

package archive

import "time"

// How often the daemon is killed, and how soon after its start at the latest; make
// moments does it more often.
const (
	killsTried = 8
	killedIn   = 400 * time.Millisecond
)
