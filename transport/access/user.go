package access

import (
	"fmt"
	"os/user"
	"strconv"
	"sync"
	"time"
)

// lookUpUser returns the number of a user given by name or number.
func lookUpUser(name string) (uint32, error) {
	text := name
	if found, err := user.Lookup(name); err == nil {
		text = found.Uid
	}
	// The largest number stands for "unchanged" in chown(2) and for nobody here.
	uid, err := strconv.ParseUint(text, 10, 32)
	if err != nil || uid == 1<<32-1 {
		return 0, fmt.Errorf("find user %q: there is none of that name; make it with useradd, or choose another", name)
	}
	return uint32(uid), nil
}

// The user database may be another host's: what it says is good for a while,
// and of a bounded number of users.
const (
	databaseAge   = 30 * time.Second
	databaseUsers = 256
)

// remembered keeps what a look-up has found.
type remembered[T any] struct {
	mu    sync.Mutex
	found map[uint32]finding[T]
}

type finding[T any] struct {
	value T
	at    time.Time
}

func (r *remembered[T]) of(uid uint32, look func() T) T {
	r.mu.Lock()
	kept, found := r.found[uid]
	r.mu.Unlock()
	if found && time.Since(kept.at) < databaseAge {
		return kept.value
	}
	// Nobody waits for the look-up of another user.
	kept = finding[T]{look(), time.Now()}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.found == nil || len(r.found) >= databaseUsers {
		r.found = map[uint32]finding[T]{}
	}
	r.found[uid] = kept
	return kept.value
}

// memberships are the groups that the user database gives to users.
type memberships struct{ remembered[[]uint32] }

func (m *memberships) of(uid uint32) []uint32 {
	return m.remembered.of(uid, func() []uint32 {
		found, err := user.LookupId(strconv.FormatUint(uint64(uid), 10))
		if err != nil {
			return nil
		}
		numbers, err := found.GroupIds()
		if err != nil {
			return nil
		}
		var groups []uint32
		for _, number := range numbers {
			if gid, err := strconv.ParseUint(number, 10, 32); err == nil {
				groups = append(groups, uint32(gid))
			}
		}
		return groups
	})
}

var userNames remembered[string]

// userName returns a user's name, empty if it has none.
func userName(uid uint32) string {
	return userNames.of(uid, func() string {
		found, err := user.LookupId(strconv.FormatUint(uint64(uid), 10))
		if err != nil {
			return ""
		}
		return found.Username
	})
}
