// Package xtrabackuptest gives a test a program that stands in for Percona
// XtraBackup of any version of the series 2.3, 2.4, 8.0, 8.4 and 9.7, up to 9.7.2,
// which no Debian package brings.
//
// It is test support: only tests import it. Install builds the program of the
// folder standin. To whoever calls it, it is XtraBackup of that version: the
// same options, refused where the real one refuses them or, worse, ignores
// them; the same states of a backup, files and last words. What it writes is
// real all the same: it lets mariabackup do the work, on a private MariaDB that
// claims to be a MySQL (mariadbtest.Claiming).
//
// Where the real one is careless it is too: a 2.3 applies an incremental
// without the one before it, and a 2.x copies back what is not prepared.
package xtrabackuptest
