// Package mariadbtest gives a test a real MariaDB of its own, and the means
// to fill it, to write to it while it is backed up, and to tell afterwards
// whether what came back is what was there.
//
// It is test support: only tests import it. It may import the MySQL driver and
// os/exec, and nothing of this module.
//
// Invariants:
//   - A server never listens on the network and never reads the machine's
//     option files; everything it writes is in one folder of the temporary
//     directory, removed when the test ends, passed or not.
//   - No server outlives the test binary, even one that is killed: the kernel
//     kills the server with it.
//   - A missing MariaDB fails the test; nothing here skips.
//
// Life of a server, with the methods that move it:
//
//	           Start, StartOn
//	stopped ------------------> running --Pause--> paused
//	   ^                          |  ^               |
//	   +-------Stop, Kill---------+  +----Resume-----+
package mariadbtest
