package access

import (
	"fmt"
	"os/user"
	"strconv"
)

// LookUpGroup returns the number of a group given by name or number, -1 for
// none.
func LookUpGroup(group string) (int, error) {
	if group == "" {
		return -1, nil
	}
	found, err := user.LookupGroup(group)
	if err == nil {
		group = found.Gid
	}
	// The largest number stands for "unchanged" in chown(2).
	gid, parseErr := strconv.ParseUint(group, 10, 32)
	if parseErr != nil || gid == 1<<32-1 {
		return -1, fmt.Errorf("find group %q: there is none of that name; make it with groupadd, or choose another", group)
	}
	return int(gid), nil
}
