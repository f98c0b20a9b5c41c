package config

import (
	"cmp"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/human"
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/server"
)

// Where the configuration is found: the flag, else the variable, else the
// default.
const (
	DefaultPath = "/etc/dbcalm/config.yml"
	Variable    = "DBCALM_DB_CMD_CONFIG"
)

// Config is the daemon's effective configuration. Once Load reports no
// problem, every path is absolute and clean, and every value is in its range.
// Only Forward and OnFinish may hold a secret.
type Config struct {
	// Path is the file it was read from.
	Path string

	DBType                string // mariadb or mysql
	BackupDir             string
	BackupCredentialsFile string
	DataDir               string
	DatabasePath          string
	Stream                bool
	Compression           string // empty, gzip or zstd
	CompressionLevel      int    // 0: the default
	Forward               string
	Retrieve              string
	StallTimeout          time.Duration
	CountRows             string // off, rows or checksum
	Host                  string
	// BackupBin is the backup tool's absolute path; when it was not found, the
	// name that was given, empty if none was.
	BackupBin string
	// ServerBin is the server's program, likewise; it is only needed to boot
	// backups.
	ServerBin        string
	BackupArgs       []string // further options for the tool
	SocketPath       string
	LegacySocketPath string // empty: none
	SocketMode       fs.FileMode
	SocketGroup      string // empty: the daemon's own
	// AllowedUsers and AllowedGroups may send commands, RestoreUsers and
	// RestoreGroups of these restore and delete; see transport.Access.
	AllowedUsers, AllowedGroups []string
	RestoreUsers, RestoreGroups []string
	StateDir                    string
	ServerDefaultsFile          string // empty: none
	Parallel                    int
	UseMemory                   Size
	MaxConcurrent               int
	MaxWaiting                  int
	Retention                   api.Retention
	OnFinish                    string // empty: none
	OnFinishTimeout             time.Duration
	// MetricsListen is a socket's path or a loopback address with its port;
	// empty: no metrics.
	MetricsListen string
	MetricsMode   fs.FileMode
	MetricsGroup  string // empty: the daemon's own
	// Archive: the server's binary log is archived. ArchiveInterval is how long a
	// segment of it stays open, ArchiveDays how long it is kept whatever backups
	// there are.
	Archive         bool
	ArchiveInterval time.Duration
	ArchiveDays     int
	// KeepLogsDays is how long the programs' output is kept.
	KeepLogsDays int
	// KeepHistory is how many days operations are kept that are over; 0 keeps all.
	KeepHistory int
	LogLevel    zerolog.Level
	LogFormat   string // json or console
}

// The kinds of database.
const (
	typeMariaDB = server.MariaDB
	typeMySQL   = server.MySQL
)

// The forms of the log.
const (
	FormatJSON    = "json"
	FormatConsole = "console"
)

// Loaded is a configuration with the story of how it came about.
type Loaded struct {
	Config *Config
	// Values holds every key, in the order of Keys.
	Values []Value
	// Warnings and Problems are in the order of the file's lines.
	Warnings []Finding
	Problems []Finding
}

// Value is one key's value and where it came from: "default", "computed"
// or FILE:LINE.
type Value struct {
	Key   string `json:"key"`
	Value any    `json:"value"`
	From  string `json:"from"`

	line int
}

// Finding is one thing to be said about a configuration.
type Finding struct {
	// Where is FILE:LINE, or FILE for what is not in it.
	Where string `json:"where"`
	// Key is empty when it is about the file as a whole.
	Key string `json:"key,omitempty"`
	// Value is as in the file; empty where it does not matter.
	Value string `json:"value,omitempty"`
	// Advice says what is wrong and what would do.
	Advice string `json:"advice"`

	line int
}

func (f Finding) String() string {
	parts := []string{f.Where}
	if f.Key != "" {
		parts = append(parts, f.Key)
	}
	if f.Value != "" {
		parts = append(parts, f.Value)
	}
	return human.OneLine(strings.Join(append(parts, f.Advice), ": "))
}

// Error ends a command that cannot do with the configuration it found.
type Error struct {
	Problems []Finding
	Hint     string
}

func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Load reads the file, fills in the defaults and validates the whole. It finds
// every problem there is before it returns; the daemon may only run without any.
func Load(path string, h Host) *Loaded {
	loaded := &Loaded{Config: Defaults(h)}
	loaded.Config.Path = path

	file, complaint := readFile(path)
	if complaint != nil {
		// Nothing is known of any key: their defaults would only mislead.
		loaded.Problems = []Finding{*complaint}
		return loaded
	}
	loaded.Warnings, loaded.Problems = file.warnings, file.problems
	given := loaded.apply(file)
	computeDefaults(loaded.Config, h)
	loaded.describe(given)
	loaded.validate(given, h)
	byLine := func(x, y Finding) int { return cmp.Compare(x.line, y.line) }
	slices.SortStableFunc(loaded.Warnings, byLine)
	slices.SortStableFunc(loaded.Problems, byLine)
	return loaded
}
