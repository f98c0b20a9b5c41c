package transport

import (
	"io/fs"
	"time"

	"github.com/rs/zerolog"

	"dbcalm-db-cmd/transport/access"
	"dbcalm-db-cmd/transport/socket"
)

// Options are what a Server may be told. The zero value of each field but
// SocketPath works.
type Options struct {
	// SocketPath is the absolute path of the socket.
	SocketPath string
	// LegacySocketPath is a second path for older clients; empty: none.
	LegacySocketPath string
	// Mode is the sockets' mode; 0 means 0660.
	Mode fs.FileMode
	// Group owns the sockets, by name or number; empty: the daemon's own.
	Group string
	// Access says who may use the sockets beside root and the daemon's own user.
	Access access.Rules
	// Version is what daemon_show tells of the program.
	Version string
	// Logger gets one line a command.
	Logger zerolog.Logger

	// RequestTimeout is how long a client has for its whole request, counted
	// from when it is served; 0 means 10 s.
	RequestTimeout time.Duration
	// AnswerTimeout is how long a client may take to read its answer; 0 means
	// 5 s.
	AnswerTimeout time.Duration
	// StopTimeout is how long a stopping Server waits for calls of its Service
	// before it cancels their contexts; 0 means 10 s.
	StopTimeout time.Duration
	// WatchInterval is how often an operation that is watched is looked at; 0
	// means 500 ms.
	WatchInterval time.Duration
	// MaxWatches is how many clients may watch at once; others are refused. 0
	// means as many as the process's descriptors allow.
	MaxWatches int
	// MaxConnections is how many clients may be connected at once; the idlest
	// has to go for others. 0 means as many as the descriptors allow.
	MaxConnections int
	// SummaryInterval is how often the log is told of what it has been spared; 0
	// means a minute.
	SummaryInterval time.Duration
}

// requestLimit is the largest request in bytes, white space before it
// included.
const requestLimit = 1 << 20

const (
	defaultRequestTimeout = 10 * time.Second
	defaultAnswerTimeout  = 5 * time.Second
	defaultStopTimeout    = 10 * time.Second
	defaultWatchInterval  = 500 * time.Millisecond
)

func (o Options) withDefaults() Options {
	if o.Mode == 0 {
		o.Mode = socket.DefaultMode
	}
	if o.RequestTimeout == 0 {
		o.RequestTimeout = defaultRequestTimeout
	}
	if o.AnswerTimeout == 0 {
		o.AnswerTimeout = defaultAnswerTimeout
	}
	if o.StopTimeout == 0 {
		o.StopTimeout = defaultStopTimeout
	}
	if o.WatchInterval == 0 {
		o.WatchInterval = defaultWatchInterval
	}
	afford := access.Affordable()
	if o.MaxWatches == 0 {
		o.MaxWatches = afford.Watches
	}
	if o.MaxConnections == 0 {
		o.MaxConnections = afford.Clients
	}
	return o
}
