// Package e2e runs the built program as an administrator and its clients do:
// a real daemon on a real MariaDB, spoken to through its socket, read through
// its SQLite file, and killed with real signals.
package e2e
