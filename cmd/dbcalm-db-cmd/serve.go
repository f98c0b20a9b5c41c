package main

import (
	"context"
	"fmt"
	"os"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"
	"github.com/rs/zerolog"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
	"dbcalm-db-cmd/machine"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/crashpoint"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/transport"
	"dbcalm-db-cmd/transport/access"
)

// serve runs the daemon until ctx ends.
//
// The order matters: whether anybody else could change what it runs, before it
// runs anything; the lock then, so that a second daemon touches nothing;
// the sockets before the operations, so that a daemon which cannot be reached
// starts no work; clients are answered when every operation an earlier daemon
// left is under way again.
func serve(ctx context.Context, cfg *config.Config, log zerolog.Logger) error {
	// The folder first, so that it can be looked at; nothing in it before that.
	if err := makeState(cfg.StateDir); err != nil {
		return fmt.Errorf("create state_dir: %w", err)
	}
	if err := checkTrusted(cfg); err != nil {
		user := disk.UserName(os.Geteuid())
		return exitWith(exitConfig, fmt.Errorf("others could change what this daemon, as %s, runs or keeps:\n%w", user, err))
	}
	lock, err := lockState(cfg.StateDir)
	if err != nil {
		return err
	}
	defer lock.Close()
	before, err := stateBefore(cfg.StateDir)
	if err != nil {
		log.Warn().Err(err).Msg("the former state_dir is left alone")
	}
	if before != nil {
		defer before.Close()
	}
	databaseLock, err := lockDatabase(cfg.DatabasePath)
	if err != nil {
		return err
	}
	defer databaseLock.Close()
	store, err := persistence.Open(ctx, persistence.Options{StateDir: cfg.StateDir, Shared: cfg.DatabasePath, JobDirs: jobDirs(cfg.StateDir),
		Notice: noticeShared(log), Damaged: noticeDamage(log), ExamineAfter: examineAfter, Reached: crashpoint.Here})
	if err != nil {
		return err
	}
	defer store.Close()
	host := steps.NewHost(stepsSettings(cfg), store)
	if err := lockStore(host, log); err != nil {
		return err
	}
	defer host.Store.Unlock()
	manager, err := machine.New(store, host, machine.Options{
		MaxConcurrent: cfg.MaxConcurrent, MaxWaiting: cfg.MaxWaiting,
		Retention: cfg.Retention, KeepLogs: days(cfg.KeepLogsDays), KeepHistory: days(cfg.KeepHistory), Logger: log,
	})
	if err != nil {
		return err
	}
	server := transport.New(manager, transport.Options{
		SocketPath: cfg.SocketPath, LegacySocketPath: cfg.LegacySocketPath,
		Mode: cfg.SocketMode, Group: cfg.SocketGroup, Access: socketRules(cfg), Version: versionText(), Logger: log,
	})
	if err := server.Listen(); err != nil {
		return err
	}
	defer server.Close()
	metrics, err := listenMonitor(cfg, manager, log)
	if err != nil {
		return err
	}
	defer metrics.close()
	defer manager.Stop()
	if err := manager.Start(ctx); err != nil {
		return err
	}
	defer startArchive(ctx, cfg, host, store, manager, log)()
	if before != nil {
		if err := before.tidy(ctx, store, cfg.StateDir); err != nil {
			log.Warn().Err(err).Msg("the former state_dir is not tidied up")
		}
	}
	metrics.serve(ctx)
	notify(log, systemd.SdNotifyReady)
	log.Info().Str("socket", cfg.SocketPath).Str("version", version).Msg("ready")
	stopWatchdog := startWatchdog(cfg, log)
	err = server.Serve(ctx)
	notify(log, systemd.SdNotifyStopping)
	stopWatchdog()
	log.Info().Msg("stopping; programs under way run on and are adopted at the next start")
	return err
}

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

// noticeShared logs what becomes of the shared file.
func noticeShared(log zerolog.Logger) func(error) {
	return func(err error) {
		if err != nil {
			log.Error().Err(err).Msg("the shared file cannot be written; operations under way go on, and it is written as soon as that is possible")
			return
		}
		log.Info().Msg("the shared file says again what the ledger says")
	}
}

// examineAfter is when a daemon that has been started has long begun to answer.
const examineAfter = 10 * time.Second

// noticeDamage logs that the ledger is damaged.
func noticeDamage(log zerolog.Logger) func(error) {
	return func(err error) {
		log.Error().Err(err).Msg("the ledger is damaged; operations under way go on as far as they can, and no command is accepted")
	}
}

// notify tells systemd where the daemon stands, if systemd started it.
func notify(log zerolog.Logger, state string) {
	if _, err := systemd.SdNotify(false, state); err != nil {
		log.Warn().Err(fmt.Errorf("notify systemd: %w", err)).Msg("systemd was not told")
	}
}

// socketRules are who may use the sockets.
func socketRules(c *config.Config) access.Rules {
	return access.Rules{Users: c.AllowedUsers, Groups: c.AllowedGroups, RestoreUsers: c.RestoreUsers, RestoreGroups: c.RestoreGroups}
}

// stepsSettings translates the configuration into what the steps need.
func stepsSettings(c *config.Config) steps.Settings {
	return steps.Settings{
		DBType: c.DBType, BackupDir: c.BackupDir, CredentialsFile: c.BackupCredentialsFile, DataDir: c.DataDir, Host: c.Host,
		BackupBin: c.BackupBin, ServerBin: c.ServerBin, StateDir: c.StateDir, ServerDefaultsFile: c.ServerDefaultsFile, BackupArgs: c.BackupArgs,
		// #nosec G115 -- the configuration refuses a negative one
		Parallel: c.Parallel, UseMemory: uint64(c.UseMemory),
		Stream: c.Stream, Compression: c.Compression, CompressionLevel: c.CompressionLevel,
		Forward: c.Forward, Retrieve: c.Retrieve, StallTimeout: c.StallTimeout, CountRows: steps.CountRows(c.CountRows),
		OnFinish: c.OnFinish, OnFinishTimeout: c.OnFinishTimeout,
	}
}
