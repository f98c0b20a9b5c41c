package archive

import (
	"fmt"
	"time"
)

// keeping is for how long the server keeps what it has written to its log.
type keeping struct {
	// set is what it is set to, 0 for ever; seen is the least that was left of the
	// log when it, or somebody, had deleted the rest: 0 if nobody ever did.
	set, seen time.Duration
	// oldest is the oldest file that it has.
	oldest string
}

// warning says that what has not been read for a while may be deleted before it is:
// the server keeps its log for less than twice as long.
func (k keeping) warning(lag time.Duration) string {
	switch {
	case lag <= 0:
	case k.set > 0 && k.set < 2*lag:
		return fmt.Sprintf("a gap threatens: the server deletes its binary log after %s, and the archive is %s behind: "+
			"SET GLOBAL binlog_expire_logs_seconds to more until it has caught up", k.set, lag.Round(time.Second))
	case k.seen > 0 && k.seen < 2*lag:
		return fmt.Sprintf("a gap threatens: all of the server's binary log but the newest %s was deleted, and the archive is %s behind: "+
			"let nobody PURGE it until it has caught up, and see max_binlog_total_size", k.seen.Round(time.Second), lag.Round(time.Second))
	}
	return ""
}

// leastSeen is the least that counts as left: a server may begin its log anew now
// and then.
const leastSeen = time.Minute

// keeps notes for how long the server says that it keeps its log.
func (b *board) keeps(set time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.keeping.set = set
}

// oldest notes the oldest file that the server has, and what was left if others
// were deleted before it: begun tells when it was begun.
func (b *board) oldest(name string, begun func() (time.Time, error)) {
	b.mu.Lock()
	k := &b.keeping
	before := k.oldest
	k.oldest = name
	b.mu.Unlock()
	if before == "" || before == name {
		return
	}
	at, err := begun()
	if err != nil {
		// It was deleted as well, or has no beginning yet: the next one tells.
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if left := max(time.Since(at), leastSeen); k.seen == 0 || left < k.seen {
		k.seen = left
	}
}
