package transport

import (
	"bytes"
	"context"
	"net"
	"time"

	"dbcalm-db-cmd/machine"
)

// watchKeepAlive is how long a watcher is left without a line, so that one
// that is gone is noticed.
const watchKeepAlive = 5 * time.Second

// operationWatch answers with a line of JSON for every change of an operation
// until it is over: what operation_show answers, one line each.
func operationWatch(ctx context.Context, service Service, args *arguments) (reply, error) {
	id := args.operationID(argID)
	if err := args.end(); err != nil {
		return reply{}, err
	}
	view, err := service.Operation(ctx, id)
	answered := about(id, codeOK, shown(view))
	answered.next = func(ctx context.Context) (any, bool, error) {
		view, err := service.Operation(ctx, id)
		return shown(view), over(view), err
	}
	return answered, err
}

func shown(view machine.OperationView) operationShowAnswer {
	view.Transitions = listed(view.Transitions)
	view.Processes = listed(view.Processes)
	return operationShowAnswer{codeOK, view}
}

func over(view machine.OperationView) bool { return view.FinishedAt != nil }

// stream sends an answer of many lines, each when it differs from the one
// before. It ends with the last line, with the client, or with the server; a
// client that finds no last line asks again.
func (s *Server) stream(stopping, calls context.Context, conn *net.UnixConn, answered reply) error {
	if !s.takeWatch() {
		body, err := refused(calls, &machine.Error{Kind: machine.Unavailable, Message: "too many operations are being watched: try again later, or use operation_show"}).bytes()
		if err == nil {
			err = s.send(conn, body)
		}
		return err
	}
	defer s.giveBackWatch()
	ticks := time.NewTicker(s.options.WatchInterval)
	defer ticks.Stop()
	var last []byte
	var sent time.Time
	for {
		body, ended, err := answered.next(calls)
		if err != nil {
			return err
		}
		line, err := encode(body)
		if err != nil {
			return err
		}
		if !bytes.Equal(line, last) || time.Since(sent) >= watchKeepAlive {
			if err := conn.SetWriteDeadline(time.Now().Add(s.options.AnswerTimeout)); err != nil {
				return err
			}
			if _, err := conn.Write(append(bytes.Clone(line), '\n')); err != nil {
				return err
			}
			last, sent = line, time.Now()
		}
		if ended {
			return conn.CloseWrite()
		}
		select {
		case <-ticks.C:
		case <-stopping.Done():
			return nil
		}
	}
}

// Watchers stay long; they must not take the place of those who command.
func (s *Server) takeWatch() bool {
	select {
	case s.watches <- struct{}{}:
		return true
	default:
		return false
	}
}

func (s *Server) giveBackWatch() { <-s.watches }
