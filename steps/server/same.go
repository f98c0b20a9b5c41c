package server

import (
	"fmt"
	"time"
)

// SameData says why what two looks at a server saw is not known to be one data
// directory; empty if it is. Proof is its birth. A server's id alone proves
// little either way: MariaDB makes its server_uid of the machine's address and the
// port, so that another port or a container made again has another one; and MySQL
// keeps its server_uuid in a file that can be lost or copied.
func (i Info) SameData(now Info) string {
	switch {
	case !i.DataBirth.IsZero() && !now.DataBirth.IsZero():
		if !i.DataBirth.Equal(now.DataBirth) {
			return fmt.Sprintf("of another data directory (created %s, this one %s)",
				i.DataBirth.Format(time.DateTime), now.DataBirth.Format(time.DateTime))
		}
	case i.UID != now.UID:
		return fmt.Sprintf("of another server (%s, this one is %s), or of this one with another port or network address: "+
			"its data directory's birth, which would tell, is not known", i.UID, now.UID)
	}
	return ""
}
