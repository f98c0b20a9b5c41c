package main

import (
	"context"
	"runtime"
	"sync"

	"github.com/rs/zerolog"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
	"dbcalm-db-cmd/transport/monitor"
)

// metricsServer serves metrics and health beside the daemon; nil where they are not
// asked for.
type metricsServer struct {
	*monitor.Monitor
	log     zerolog.Logger
	serving sync.WaitGroup
}

// listenMonitor binds metrics_listen, if that is set.
func listenMonitor(cfg *config.Config, watched monitor.Watched, log zerolog.Logger) (*metricsServer, error) {
	if cfg.MetricsListen == "" {
		return nil, nil
	}
	m := &metricsServer{log: log, Monitor: monitor.New(watched, monitor.Options{
		Listen: cfg.MetricsListen, Mode: cfg.MetricsMode, Group: cfg.MetricsGroup,
		Version: versionText(), GoVersion: runtime.Version(), Logger: log,
	})}
	if err := m.Listen(); err != nil {
		return nil, err
	}
	return m, nil
}

// serve answers until ctx ends or close is called. That it cannot is no reason
// to end the daemon, and whoever scrapes it learns of it.
func (m *metricsServer) serve(ctx context.Context) {
	if m == nil {
		return
	}
	m.serving.Go(func() {
		if err := m.Serve(ctx); err != nil {
			m.log.Error().Err(err).Msg("metrics are served no more; start the daemon again")
		}
	})
}

// close ends serving and waits for that.
func (m *metricsServer) close() {
	if m == nil {
		return
	}
	if err := m.Close(); err != nil {
		m.log.Warn().Err(err).Msg("the metrics' socket stays behind")
	}
	m.serving.Wait()
}
