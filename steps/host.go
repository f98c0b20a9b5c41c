package steps

import (
	"fmt"
	"time"

	"dbcalm-db-cmd/steps/archive"
	"dbcalm-db-cmd/steps/boot"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/tool"
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
	// CountRows says what is counted of the server's tables while a backup is made.
	CountRows CountRows
	// Supervisor is the command that supervises a job; the job's folder is
	// appended to it. Empty means this very program.
	Supervisor []string
	// OnFinish is the shell command run after every operation; empty for none.
	OnFinish string
	// OnFinishTimeout is how long it may take.
	OnFinishTimeout time.Duration
}

// Host is this host as the steps see it: the rooms that they work with, and
// how backups are to be made. Its methods may be called from any goroutine.
type Host struct {
	Jobs   *job.Yard
	Server *server.Server
	Tool   *tool.Tool
	Store  *store.Store
	// Archive is that of the server's binary log.
	Archive *archive.Archive

	// stages are watches on the stages of operations, by their ids.
	stages disk.Watches

	// ServerBin is the path of the server's program, on which backups are booted;
	// empty means: look for it.
	ServerBin string
	// Stream, Compression, CompressionLevel and Forward are the form in which
	// backups are stored, and Retrieve the way back; as in Settings.
	Stream           bool
	Compression      string
	CompressionLevel int
	Forward          string
	Retrieve         string
	// StallTimeout is how long a stream may stand still.
	StallTimeout time.Duration
	// CountRows is as in Settings.
	CountRows CountRows
}

// CountRows says what is counted of the server's tables while a backup is made, for
// a verification to compare.
type CountRows string

// What can be counted, as the configuration has it; nothing is the empty word, too.
const (
	CountOff       CountRows = "off"
	CountOn        CountRows = "rows"
	CountChecksums CountRows = "checksum"
)

// On reports whether anything is counted.
func (c CountRows) On() bool { return c != "" && c != CountOff }

// NewHost returns a Host of these settings.
func NewHost(settings Settings, catalog store.Catalog) *Host {
	srv := &server.Server{
		DBType: settings.DBType, CredentialsFile: settings.CredentialsFile, Host: settings.Host,
		DataDir: settings.DataDir, DefaultsFile: settings.ServerDefaultsFile,
	}
	return &Host{
		Jobs: &job.Yard{
			StateDir: settings.StateDir, Supervisor: settings.Supervisor, Redactor: srv.Redactor,
			OnFinish: settings.OnFinish, OnFinishTimeout: settings.OnFinishTimeout,
		},
		Server: srv,
		Tool: &tool.Tool{Server: srv, Bin: settings.BackupBin, Args: settings.BackupArgs, Parallel: settings.Parallel,
			UseMemory: settings.UseMemory},
		Store:     &store.Store{BackupDir: settings.BackupDir, Parallel: settings.Parallel, Catalog: catalog},
		Archive:   archive.In(settings.BackupDir, settings.StateDir),
		ServerBin: settings.ServerBin, Stream: settings.Stream, Compression: settings.Compression, CompressionLevel: settings.CompressionLevel,
		Forward: settings.Forward, Retrieve: settings.Retrieve, StallTimeout: settings.StallTimeout,
		CountRows: settings.CountRows,
	}
}

// The steps of each kind of operation have a type of their own.
type (
	backupSteps  struct{ *Host }
	restoreSteps struct{ *Host }
	verifySteps  struct{ *Host }
	deleteSteps  struct{ *Host }
)

func (h *Host) backups() backupSteps       { return backupSteps{h} }
func (h *Host) restores() restoreSteps     { return restoreSteps{h} }
func (h *Host) verifications() verifySteps { return verifySteps{h} }
func (h *Host) deletions() deleteSteps     { return deleteSteps{h} }

// WithPrograms returns an operation's data with the programs that the
// configuration names now in place of those it began with: what is run comes from
// there, never from a row.
func (h *Host) WithPrograms(d Data) (Data, error) {
	var err error
	if d.Tool != nil {
		program := *d.Tool
		if program.Path = h.Tool.Bin; program.Path == "" {
			if program.Path, err = tool.FindTool(h.Server.DBType); err != nil {
				return d, fmt.Errorf("find the backup tool again: %w", err)
			}
		}
		d.Tool = &program
		if d.Unpacker != "" {
			if d.Unpacker, err = h.Tool.FindUnpacker(program); err != nil {
				return d, err
			}
		}
	}
	if d.ServerProgram != nil {
		program := *d.ServerProgram
		if program.Path = h.ServerBin; program.Path == "" {
			if program.Path, err = boot.Find(h.Server.DBType); err != nil {
				return d, err
			}
		}
		d.ServerProgram = &program
	}
	return d, nil
}
