package steps

import (
	"time"

	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/tool"
)

// Host is this host as the steps see it: the rooms that they work with, and
// how backups are to be made. Its methods may be called from any goroutine.
type Host struct {
	Jobs   *job.Yard
	Server *server.Server
	Tool   *tool.Tool
	Store  *store.Store

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
}

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
		Server:    srv,
		Tool:      &tool.Tool{Server: srv, Bin: settings.BackupBin, Args: settings.BackupArgs, Parallel: settings.Parallel, UseMemory: settings.UseMemory},
		Store:     &store.Store{BackupDir: settings.BackupDir, Parallel: settings.Parallel, Catalog: catalog},
		ServerBin: settings.ServerBin, Stream: settings.Stream, Compression: settings.Compression, CompressionLevel: settings.CompressionLevel,
		Forward: settings.Forward, Retrieve: settings.Retrieve, StallTimeout: settings.StallTimeout,
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
