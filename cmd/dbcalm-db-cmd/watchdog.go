package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"
	"github.com/rs/zerolog"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/transport/client"
)

// watchdog tells systemd again and again that the daemon is healthy. It stays
// silent while the daemon is not, and systemd then starts it anew. Jobs run on
// meanwhile.
type watchdog struct {
	// limit is how long systemd takes silence for health.
	limit time.Duration
	// healthy is asked three times within that, from one goroutine.
	healthy func(context.Context) error
	tell    func()
	log     zerolog.Logger
}

// startWatchdog does nothing unless systemd asked for signs of life. The
// function it returns ends them and waits for that.
func startWatchdog(cfg *config.Config, log zerolog.Logger) (stop func()) {
	limit, err := systemd.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn().Err(fmt.Errorf("read WATCHDOG_USEC: %w", err)).Msg("systemd's watchdog is not fed")
	}
	if limit == 0 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	w := watchdog{
		limit:   limit,
		healthy: func(ctx context.Context) error { return answersOn(ctx, cfg.SocketPath, cfg.LegacySocketPath) },
		tell:    func() { notify(log, systemd.SdNotifyWatchdog) },
		log:     log,
	}
	var running sync.WaitGroup
	running.Go(func() { w.run(ctx) })
	return func() {
		cancel()
		running.Wait()
	}
}

// run returns when ctx ends.
func (w watchdog) run(ctx context.Context) {
	ticker := time.NewTicker(w.limit / 3)
	defer ticker.Stop()
	for {
		probe, cancel := context.WithTimeout(ctx, w.limit/3)
		err := w.healthy(probe)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			w.tell()
		default:
			w.log.Error().Err(err).Dur(keyLimit, w.limit).Msg("not healthy; systemd starts the daemon anew if this stays so")
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// answersOn asks on every socket, as any client would: that the daemon runs is
// worth nothing while a socket has been removed, or is another program's. A
// refusal is an answer too: a database that is locked, say, is not mended by
// a new start.
func answersOn(ctx context.Context, sockets ...string) error {
	for _, path := range sockets {
		if path == "" {
			continue
		}
		_, err := client.Client{Path: path}.Operations(ctx, api.OperationFilter{Limit: 1})
		if refusal := (*client.Refusal)(nil); err != nil && !errors.As(err, &refusal) {
			return fmt.Errorf("ask on %s: %w", path, err)
		}
	}
	return nil
}
