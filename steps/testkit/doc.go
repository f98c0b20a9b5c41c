// Package testkit is what tests of several packages need: a test binary that
// can be the program's other processes (Main), files that hold what is expected
// (Golden), waiting for an event (Eventually), and files and errors in a line.
//
// It is test support: only tests import it, and the kits below it: a private
// server (mariadb), a stand-in for XtraBackup (xtrabackup), a test's own disks
// (disk). It imports nothing of this module, so that any package's tests can
// use it.
package testkit
