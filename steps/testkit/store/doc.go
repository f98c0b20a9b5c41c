// Package storetest is a backup store with made-up backups, and a catalog of
// them in memory.
package storetest
