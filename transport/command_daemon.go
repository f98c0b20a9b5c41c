package transport

import (
	"context"
	"os"
)

// Daemon is what a daemon says of itself.
type Daemon struct {
	// Version is that of its program.
	Version string `json:"version"`
	PID     int    `json:"pid"`
	// UID is the number of the user that it runs as.
	UID int `json:"uid"`
}

// daemonShowAnswer is the answer to daemon_show.
type daemonShowAnswer struct {
	Code   int    `json:"code"`
	Status string `json:"status"`
	Daemon
}

// daemonShow is the one command that the service is not asked for.
func (s *Server) daemonShow(_ context.Context, _ Service, args *arguments) (reply, error) {
	if err := args.end(); err != nil {
		return reply{}, err
	}
	return found(daemonShowAnswer{codeOK, phrases[codeOK], Daemon{Version: s.options.Version, PID: os.Getpid(), UID: os.Geteuid()}}), nil
}

// Daemon asks the daemon about itself. One of an older program refuses that.
func (c Client) Daemon(ctx context.Context) (Daemon, error) {
	var answer daemonShowAnswer
	err := c.call(ctx, daemonShowCommand, nil, &answer)
	return answer.Daemon, err
}
