package tool

import "dbcalm-db-cmd/steps/server"

// Tool is the host's backup tool, as the configuration describes it. Its
// methods may be called from any goroutine.
type Tool struct {
	// Server is what it backs up.
	Server *server.Server
	// Bin is the tool's path; empty means: look on PATH.
	Bin string
	// Args are further options for the tool, each one CheckBackupArg accepts.
	Args []string
	// Parallel is the number of threads the tool copies with.
	Parallel int
	// UseMemory is the memory in bytes the tool prepares with.
	UseMemory uint64
}
