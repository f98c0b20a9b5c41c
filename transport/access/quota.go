package access

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// The bounds of what one user's doings may fill the log with.
const (
	// quotaLines is how many lines of a kind are written in each interval.
	quotaLines = 30
	// quotaKinds is how many kinds are told apart.
	quotaKinds = 256
)

// The keys of log lines.
const (
	KeyReason = "reason"
	keyCount  = "count"
)

// What is counted beside the codes of answers.
const (
	NotAllowed  = "not allowed"
	NoPlace     = "no place left"
	NotAccepted = "not accepted"
	NotTold     = "metrics not told"
)

// Quota counts what happens again and again, so that the log is told of it in a
// line and not in as many lines as it happened.
type Quota struct {
	logger zerolog.Logger
	every  time.Duration

	mu     sync.Mutex
	counts map[happening]int
}

// happening is what happened, and who did it.
type happening struct {
	what string
	uid  uint32
	// many stands for all further ones, whoever does them.
	many bool
}

// NewQuota returns a quota that sums up so often; 0 means every minute.
func NewQuota(logger zerolog.Logger, every time.Duration) *Quota {
	if every == 0 {
		every = time.Minute
	}
	return &Quota{logger: logger, every: every, counts: map[happening]int{}}
}

// Take counts a thing and reports whether the log is to be told of it now.
func (q *Quota) Take(what string, uid uint32) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	h := happening{what: what, uid: uid}
	if _, known := q.counts[h]; !known && len(q.counts) >= quotaKinds {
		h = happening{what: what, many: true}
	}
	q.counts[h]++
	return q.counts[h] <= quotaLines
}

// Run sums up at every interval until ctx ends, and then once more.
func (q *Quota) Run(ctx context.Context) {
	ticks := time.NewTicker(q.every)
	defer ticks.Stop()
	for ctx.Err() == nil {
		select {
		case <-ticks.C:
		case <-ctx.Done():
		}
		q.sumUp()
	}
}

// sumUp tells of what has not been told, and begins anew.
func (q *Quota) sumUp() {
	q.mu.Lock()
	counts := q.counts
	q.counts = map[happening]int{}
	q.mu.Unlock()
	for h, n := range counts {
		if n <= quotaLines {
			continue
		}
		event := q.logger.Warn()
		who := "further users"
		if !h.many && h.uid != Nobody {
			event.Uint32(keyPeerUID, h.uid)
			who = "uid " + strconv.FormatUint(uint64(h.uid), 10)
		}
		event.Str(KeyReason, h.what).Int(keyCount, n).Msg(h.sentence(n, who, q.span()))
	}
}

func (h happening) sentence(n int, who, span string) string {
	switch h.what {
	case NotAllowed, NoPlace:
		return fmt.Sprintf("refused %d connections of %s in the last %s", n, who, span)
	case NotAccepted:
		return fmt.Sprintf("connections could not be accepted %d times in the last %s", n, span)
	case NotTold:
		return fmt.Sprintf("metrics could not be told %d times in the last %s", n, span)
	default:
		return fmt.Sprintf("answered %d commands of %s with %s in the last %s", n, who, h.what, span)
	}
}

func (q *Quota) span() string {
	if q.every == time.Minute {
		return "minute"
	}
	return q.every.String()
}

// Nobody is the user of those who are not known.
const Nobody = 1<<32 - 1
