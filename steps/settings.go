package steps

import (
	"time"
)

// Settings are what the steps need to know of the host.
type Settings struct {
	// DBType is MariaDB or MySQL.
	DBType    string
	BackupDir string
	// CredentialsFile holds the section [client-dbcalm].
	CredentialsFile string
	DataDir         string
	// Host is the server's host; localhost means its Unix socket.
	Host string
	// BackupBin is the tool's path; empty means: look on PATH.
	BackupBin string
	// ServerBin is the path of the server's program, on which backups are booted;
	// empty means: look for it.
	ServerBin string
	StateDir  string
	// ServerDefaultsFile is the server's my.cnf, empty if it has none to tell of.
	ServerDefaultsFile string
	// Parallel is the number of threads the tool copies with.
	Parallel int
	// UseMemory is the memory in bytes the tool prepares with.
	UseMemory uint64
	// BackupArgs are further options for the tool, each one CheckBackupArg
	// accepts.
	BackupArgs []string
	// Stream makes backups one stream each instead of a folder of files.
	Stream bool
	// Compression is "", gzip or zstd; CompressionLevel is its level, 0 for the
	// default.
	Compression      string
	CompressionLevel int
	// Forward is the shell command that takes streams instead of the store,
	// Retrieve the one that prints them again; either may be empty.
	Forward  string
	Retrieve string
	// StallTimeout is how long a stream may stand still.
	StallTimeout time.Duration
	// Supervisor is the command that supervises a job; the job's folder is
	// appended to it. Empty means this very program.
	Supervisor []string
	// OnFinish is the shell command run after every operation; empty for none.
	OnFinish string
	// OnFinishTimeout is how long it may take.
	OnFinishTimeout time.Duration
}
