package config

import (
	"path/filepath"
	"time"

	"github.com/rs/zerolog"

	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/tool"
)

// The bounds of the memory that a prepare is given when the file does not say:
// more than this gains nothing, less makes it crawl.
const (
	leastMemory = 128 * mebibyte
	mostMemory  = 4 * gibibyte
	mostWorkers = 4
)

// DefaultStateDir is not below /var/lib/dbcalm: DBCalm's installer gives
// everything there to other users.
const DefaultStateDir = "/var/lib/dbcalm-db-cmd"

// Defaults is the configuration of an empty file on this machine, but for
// what depends on other keys.
func Defaults(h Host) *Config {
	format := FormatJSON
	if h.Terminal {
		format = FormatConsole
	}
	// #nosec G101 -- the path of the credentials file, and no credentials
	return &Config{
		BackupCredentialsFile: "/etc/dbcalm/credentials.cnf",
		DataDir:               "/var/lib/mysql",
		DatabasePath:          "/var/lib/dbcalm/db.sqlite3",
		Host:                  "localhost",
		SocketPath:            "/var/run/dbcalm/db-cmd.sock",
		LegacySocketPath:      "/var/run/dbcalm/mariadb-cmd.sock",
		SocketMode:            0o660,
		StateDir:              DefaultStateDir,
		Parallel:              max(1, min(h.CPUs, mostWorkers)),
		UseMemory:             defaultMemory(h.Memory),
		MaxConcurrent:         1,
		MaxWaiting:            100,
		KeepLogsDays:          30,
		KeepHistory:           400,
		ArchiveInterval:       time.Minute,
		StallTimeout:          job.DefaultStallTimeout,
		CountRows:             countOff,
		OnFinishTimeout:       30 * time.Second,
		MetricsMode:           0o660,
		LogLevel:              zerolog.InfoLevel,
		LogFormat:             format,
	}
}

// defaultMemory is a quarter of what is installed, in whole mebibytes.
func defaultMemory(installed Size) Size {
	quarter := installed / 4 / mebibyte * mebibyte
	return max(leastMemory, min(quarter, mostMemory))
}

// computeDefaults fills in what depends on other keys: the backup tool and the
// server's program are those of the database's kind. One that is not there
// stays unset, so that it is looked for again when it is needed.
func computeDefaults(c *Config, h Host) {
	c.BackupBin = locate(h, c.BackupBin, backupTools(c.DBType))
	var programs []string
	for _, name := range serverPrograms(c.DBType) {
		programs = append(programs, name, filepath.Join("/usr/sbin", name))
	}
	c.ServerBin = locate(h, c.ServerBin, programs)
	c.AllowedGroups = defaultAllowedGroups(c)
}

// locate returns the path of the program that was given, else of the first of
// the names that is there.
func locate(h Host, given string, names []string) string {
	if given != "" {
		names = []string{given}
	}
	for _, name := range names {
		if found, ok := h.Program(name); ok {
			return found
		}
	}
	return given
}

// backupTools are the names of the backup tool, and serverPrograms those of the
// server's program: MariaDB's as long as db_type is none that there is.
func backupTools(dbType string) []string { return tool.Names(knownType(dbType)) }

func serverPrograms(dbType string) []string { return server.Names(knownType(dbType)) }

func knownType(dbType string) string {
	if dbType == typeMySQL {
		return typeMySQL
	}
	return typeMariaDB
}
