// Package transporttest is what the tests of the rooms of transport share: folders
// for sockets, a reader of log lines, and a clock for answers in a crowd.
package transporttest

import "time"

// Patience is how long a test waits for what must happen.
const Patience = 10 * time.Second
