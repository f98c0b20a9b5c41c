package monitor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/rs/zerolog"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/transport/access"
	"dbcalm-db-cmd/transport/socket"
)

// Watched is what a Monitor tells of. Its methods are called from many
// goroutines at once and return soon when their context ends.
type Watched interface {
	// Figures counts operations and backups; bounds, in seconds, divide how long
	// operations took.
	Figures(ctx context.Context, bounds []float64) (api.Figures, error)
	// Health looks whether the daemon can do its work.
	Health(ctx context.Context) api.Health
}

// Options are what a Monitor may be told. The zero value of each field
// but Listen works.
type Options struct {
	// Listen is the absolute path of a Unix socket, or an address of this host's
	// own: HOST:PORT, where HOST is localhost or a loopback address.
	Listen string
	// Mode is the socket's mode; 0 means 0660.
	Mode fs.FileMode
	// Group owns the socket, by name or number; empty: the daemon's own.
	Group string
	// Version and GoVersion say what runs.
	Version, GoVersion string
	Logger             zerolog.Logger
	// MaxConnections is how many may be open at once; the idlest has to go for
	// others. 0 means as many as the process's descriptors allow.
	MaxConnections int
}

// The bounds of what a Monitor does for those who ask it.
const (
	scrapeTimeout = 8 * time.Second
	healthTimeout = 4 * time.Second
	// healthAge is how long a look at the health is good for: it writes to the
	// database.
	healthAge = time.Second
	// scrapesAtOnce bounds what is asked of the database at once.
	scrapesAtOnce      = 2
	monitorHeaderBytes = 8 << 10
	monitorReadTimeout = 5 * time.Second
	monitorIdleTimeout = time.Minute
	monitorStopTimeout = time.Second
)

// Monitor answers GET /metrics, for Prometheus, and GET /healthz, on a socket
// of its own: NewMonitor, Listen, Serve, and Close, as of a Server. Who can connect
// to it can change nothing.
type Monitor struct {
	watched Watched
	options Options
	http    *http.Server
	quota   *access.Quota

	mu       sync.Mutex
	listener *gatedListener
	release  func() error
	isClosed bool

	looking   sync.Mutex
	lookedAt  time.Time
	lastFound api.Health
}

// New returns a Monitor that touches nothing yet.
func New(watched Watched, options Options) *Monitor {
	if options.Mode == 0 {
		options.Mode = socket.DefaultMode
	}
	if options.MaxConnections == 0 {
		options.MaxConnections = access.Affordable().Scrapers
	}
	m := &Monitor{watched: watched, options: options, quota: access.NewQuota(options.Logger, 0)}
	registry := prometheus.NewRegistry()
	registry.MustRegister(newCollector(m))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError, ErrorLog: scrapeLog{m}, MaxRequestsInFlight: scrapesAtOnce,
	}))
	mux.HandleFunc("GET /healthz", m.answerHealth)
	m.http = &http.Server{
		Handler: whileBusy(mux), ConnContext: withPlace, MaxHeaderBytes: monitorHeaderBytes, ReadTimeout: monitorReadTimeout,
		WriteTimeout: scrapeTimeout + healthTimeout, IdleTimeout: monitorIdleTimeout,
		ErrorLog: quiet(),
	}
	return m
}

// scrapeLog writes what is wrong with metrics into the daemon's log.
type scrapeLog struct{ *Monitor }

func (l scrapeLog) Println(words ...any) {
	if !l.quota.Take(access.NotTold, access.Nobody) {
		return
	}
	l.options.Logger.Error().Str(access.KeyReason, fmt.Sprint(words...)).Msg("metrics cannot be told")
}

// Serve answers until ctx ends or Close is called, neither of which is an
// error.
func (m *Monitor) Serve(ctx context.Context) error {
	m.mu.Lock()
	listener := m.listener
	m.mu.Unlock()
	if listener == nil {
		return errors.New("serve: a monitor serves between Listen and Close")
	}
	stop := context.AfterFunc(ctx, func() { _ = m.Close() })
	defer stop()
	var counting sync.WaitGroup
	defer counting.Wait()
	serving, served := context.WithCancel(ctx)
	defer served()
	counting.Go(func() { m.quota.Run(serving) })
	err := m.http.Serve(listener)
	if errors.Is(err, net.ErrClosed) || errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	err = errors.Join(err, m.Close())
	// Answers under way are finished, within reason.
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), monitorStopTimeout)
	defer cancel()
	if m.http.Shutdown(patience) != nil {
		_ = m.http.Close()
	}
	if err != nil {
		return fmt.Errorf("serve metrics on %s: %w", m.options.Listen, err)
	}
	return nil
}

// Close stops listening, removes the socket file if it is still this
// Monitor's, and makes Serve return. Calling it again does nothing.
func (m *Monitor) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.isClosed || m.listener == nil {
		return nil
	}
	m.isClosed = true
	return m.release()
}
