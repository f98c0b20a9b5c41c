package dbfile

import (
	"fmt"
	"net/url"
	"time"
)

// DSN leaves foreign keys unenforced: backup refers to the table schedule,
// which is another program's, and while that is missing SQLite refuses every
// insert with "no such table". What the keys promise, our statements keep.
func DSN(path string, write bool, pragmas []string) string {
	q := url.Values{"_pragma": append([]string{
		fmt.Sprintf("busy_timeout(%d)", BusyTimeout.Milliseconds()),
		"journal_mode(WAL)", "synchronous(FULL)", fmt.Sprintf("journal_size_limit(%d)", walLimit),
	}, pragmas...)}
	if write {
		q.Set("_txlock", "immediate")
	}
	return URL(path, q)
}

// URL returns what SQLite opens a file by.
func URL(path string, query url.Values) string {
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: query.Encode()}).String()
}

// walLimit is what is left of a -wal file, in bytes, once what was in it is in the
// database: while somebody reads for long, it grows, and would keep that size.
const walLimit = 8 << 20

// BusyTimeout bounds the wait for another program's lock. It stays below what
// a waiting client would put up with; the manager tries again on its own.
const BusyTimeout = 2 * time.Second
