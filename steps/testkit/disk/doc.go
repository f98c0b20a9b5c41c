// Package disktest gives a test disks of its own: small ones that fill up,
// read-only ones, mount points.
//
// It is test support: only tests import it. Mounting needs privileges that an
// ordinary user has only in a user namespace, and a mount must not outlive a
// killed test; so the test is run again in a process with mounts of its own:
//
//	func TestFullDisk(t *testing.T) {
//		if !disktest.Enter(t) {
//			return // it ran in the other process, and t knows how it ended
//		}
//		dir := disktest.Small(t, 1<<20)
//
// It imports nothing of this module.
package disktest
