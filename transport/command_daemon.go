package transport

import (
	"context"
	"os"

	"dbcalm-db-cmd/transport/wire"
)

// daemonShow is the one command that the service is not asked for.
func (s *Server) daemonShow(_ context.Context, _ Service, args *arguments) (reply, error) {
	if err := args.end(); err != nil {
		return reply{}, err
	}
	return bodyReply(wire.DaemonShowAnswer{Head: wire.HeadOf(wire.CodeOK),
		Daemon: wire.Daemon{Version: s.options.Version, PID: os.Getpid(), UID: os.Geteuid()}}), nil
}
