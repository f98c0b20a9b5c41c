package access

import "golang.org/x/sys/unix"

// ownDescriptors is what the daemon needs beside its connections: its log and
// locks, SQLite's files, the listening sockets, and what an operation opens. No
// client may be the reason that an operation fails.
const ownDescriptors = 44

// Shares is how many connections of each kind there may be.
type Shares struct {
	Clients, Watches, Scrapers int
	// Dismissed are those that have been refused and still read why.
	Dismissed int
}

// Affordable returns what this process can afford.
func Affordable() Shares { return shareOut(descriptorLimit()) }

// shareOut shares out what a limit of descriptors leaves. More
// than the most would only cost memory.
func shareOut(limit uint64) Shares {
	rest := int(min(limit, 1<<20)) - ownDescriptors
	share := func(parts, least, most int) int { return max(least, min(rest/parts, most)) }
	return Shares{Clients: share(3, 6, 2048), Watches: share(8, 2, 64), Scrapers: share(8, 2, 64), Dismissed: share(16, 1, 32)}
}

// descriptorLimit returns how many descriptors this process may have.
func descriptorLimit() uint64 {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		// What Linux gives a process that nobody has given another.
		return 1024
	}
	return limit.Cur
}
