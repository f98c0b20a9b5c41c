package transport

import (
	"bytes"
	"context"
	"encoding/json"
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
	answered.lines = func(ctx context.Context, every time.Duration, send func(any) error) error {
		return watchOperation(ctx, service, id, every, send)
	}
	return answered, err
}

func watchOperation(ctx context.Context, service Service, id string, every time.Duration, send func(any) error) error {
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	var last []byte
	var told time.Time
	for {
		view, err := service.Operation(ctx, id)
		if err != nil {
			return err
		}
		line, err := encode(shown(view))
		if err != nil {
			return err
		}
		if over := view.FinishedAt != nil; over || !bytes.Equal(line, last) || time.Since(told) >= watchKeepAlive {
			if err := send(json.RawMessage(line)); err != nil || over {
				return err
			}
			last, told = line, time.Now()
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func shown(view machine.OperationView) operationShowAnswer {
	view.Definition, view.Transitions = "", listed(view.Transitions)
	view.Processes = listed(view.Processes)
	return operationShowAnswer{codeOK, view}
}

// stream sends an answer of many lines. It ends with the last line, with the
// client, or with the server; a client that finds no last line asks again.
func (s *Server) stream(stopping, calls context.Context, conn *net.UnixConn, answered reply) error {
	if !s.takeWatch() {
		body, err := refused(calls, &machine.Error{Kind: machine.Unavailable, Message: "too many clients watch operations: try again later"}).bytes()
		if err == nil {
			err = s.send(conn, body)
		}
		return err
	}
	defer s.giveBackWatch()
	ctx, cancel := context.WithCancel(calls)
	defer cancel()
	defer context.AfterFunc(stopping, cancel)()
	err := answered.lines(ctx, s.options.WatchInterval, func(body any) error { return s.sendLine(conn, body) })
	switch {
	case stopping.Err() != nil:
		return nil
	case err != nil:
		return err
	}
	return conn.CloseWrite()
}

func (s *Server) sendLine(conn *net.UnixConn, body any) error {
	line, err := encode(body)
	if err != nil {
		return err
	}
	if err := conn.SetWriteDeadline(time.Now().Add(s.options.AnswerTimeout)); err != nil {
		return err
	}
	_, err = conn.Write(append(line, '\n'))
	return err
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
