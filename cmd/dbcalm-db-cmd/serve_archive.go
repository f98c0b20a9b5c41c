package main

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
	"dbcalm-db-cmd/machine"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/archive"
	"dbcalm-db-cmd/steps/disk"
)

// segmentSize is from how many bytes on a segment of the archive is sealed.
const segmentSize = 64 << 20

// startArchive collects the server's binary log, if that is asked for, until the
// function that it returns is called.
func startArchive(ctx context.Context, cfg *config.Config, host *steps.Host, store *persistence.Store, manager *machine.Manager,
	log zerolog.Logger) (stop func()) {
	if !cfg.Archive {
		return func() {}
	}
	collector := archive.New(host.Archive, archive.Options{
		Ask: host.Server.BinaryLog,
		Owner: func() int {
			info, err := os.Stat(cfg.DataDir)
			if err != nil {
				return -1
			}
			return disk.OwnerOf(info)
		},
		// Every backup is later than one of no time.
		Restored: func(ctx context.Context) (time.Time, error) { return store.RestoredSince(ctx, persistence.Backup{}) },
		Held: func() string {
			if manager.ReplacingData() {
				return "a restore into the data directory is under way"
			}
			return ""
		},
		Keep: func(ctx context.Context) (time.Time, error) {
			backups, err := store.Backups(ctx)
			if err != nil || len(backups) == 0 {
				return time.Time{}, err
			}
			oldest := backups[0].StartTime
			for _, b := range backups {
				if b.StartTime.Before(oldest) {
					oldest = b.StartTime
				}
			}
			return archive.Needed(oldest, cfg.ArchiveDays, time.Now()), nil
		},
		Stream:   archive.NewStream(host.Archive, host.Server),
		Interval: cfg.ArchiveInterval, Size: segmentSize,
		Notice: func(s archive.Status) { noticeArchive(log, s) },
	})
	host.Archive.Flush, host.Archive.Status = collector.Flush, collector.Status
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { collector.Run(ctx) })
	return func() {
		cancel()
		running.Wait()
	}
}

func noticeArchive(log zerolog.Logger, s archive.Status) {
	event := log.Info()
	if s.Failing() != "" {
		event = log.Warn()
	}
	if s.Warning != "" {
		event.Str("warning", s.Warning)
	}
	event.Str("state", string(s.State)).Str("reason", s.Reason).Msg("the archive of the binary log is " + string(s.State))
}
