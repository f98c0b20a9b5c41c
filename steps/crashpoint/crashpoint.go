//go:build !crashpoints

// Package crashpoint names the places between two effects at which the crash
// tests stop the program. In an ordinary build, this one, it does nothing.
package crashpoint

// Here marks a place; see the build with the tag crashpoints.
func Here(string) {}

// BootID returns the boot id a crash test pretends, here always none.
func BootID() string { return "" }
