package catalogue

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"dbcalm-db-cmd/machine/api"
)

// fate is what is decided of a chain.
type fate struct {
	goes bool
	// why holds every reason.
	why string
}

// decide decides of each chain whether a retention lets it go. One goes only when
// every rule that is set lets it go, and never the newest good one.
func decide(r api.Retention, chains []ownedChain, now time.Time) map[string]fate {
	sorted := slices.Clone(chains)
	slices.SortFunc(sorted, func(a, b ownedChain) int { return b.began - a.began })
	good := newestGood(sorted)
	fates := map[string]fate{}
	newer := 0
	for _, c := range sorted {
		var keep, gone []string
		if c.held != "" {
			keep = append(keep, c.held)
		}
		switch {
		case good == "":
			keep = append(keep, "no chain is known to be good")
		case c.full == good:
			keep = append(keep, "the newest good chain")
		}
		age := now.Sub(c.newest)
		if r.Full > 0 {
			if newer < r.Full {
				keep = append(keep, fmt.Sprintf("%s newer (full: %d)", fullBackups(newer), r.Full))
			} else {
				gone = append(gone, fmt.Sprintf("%s newer (full: %d)", fullBackups(newer), r.Full))
			}
		}
		if r.Days > 0 {
			if age < time.Duration(r.Days)*24*time.Hour {
				keep = append(keep, fmt.Sprintf("%s old (days: %d)", inDays(age), r.Days))
			} else {
				gone = append(gone, fmt.Sprintf("%s old (days: %d)", inDays(age), r.Days))
			}
		}
		if c.counts {
			newer++
		}
		f := fate{goes: len(keep) == 0 && len(gone) > 0}
		if !f.goes {
			gone = keep
		}
		if c.problem != "" {
			gone = append(gone, "not good: "+c.problem)
		}
		f.why = strings.Join(gone, "; ")
		fates[c.full] = f
	}
	return fates
}

// newestGood returns the good chain whose newest backup is the newest of all, by
// the order in which they were made: a clock that was ahead makes nothing newer.
func newestGood(chains []ownedChain) string {
	var best ownedChain
	for _, c := range chains {
		if c.problem == "" && (best.full == "" || c.grew > best.grew) {
			best = c
		}
	}
	return best.full
}

func fullBackups(n int) string {
	if n == 1 {
		return "1 full backup"
	}
	return fmt.Sprintf("%d full backups", n)
}

func inDays(age time.Duration) string {
	if age < 0 {
		return "0 days"
	}
	if days := int(age / (24 * time.Hour)); days != 1 {
		return fmt.Sprintf("%d days", days)
	}
	return "1 day"
}
