package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/transport/access"
	"dbcalm-db-cmd/transport/wire"
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
	answered := operationReply(id, wire.CodeOK, showAnswer(view))
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
		line, err := wire.Encode(showAnswer(view))
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

func showAnswer(view api.OperationView) wire.OperationShowAnswer {
	view.Definition, view.Transitions = "", orEmpty(view.Transitions)
	view.Processes = orEmpty(view.Processes)
	return wire.OperationShowAnswer{Code: wire.CodeOK, OperationView: view}
}

// stream sends an answer of many lines. It ends with the last line, with the
// client, or with the server; a client that finds no last line asks again.
func (s *Server) stream(stopping, calls context.Context, conn *net.UnixConn, who access.Peer, answered reply, begun time.Time) {
	ctx, cancel := context.WithCancel(calls)
	defer cancel()
	defer context.AfterFunc(stopping, cancel)()
	// Watchers stay long; they must not take the place of those who command. One
	// that does not read what it is sent goes first.
	watcher := s.newGuest(who, cancel)
	watcher.Busy, watcher.Idles = true, func() bool { return unread(conn) > 0 }
	if !s.watches.Try(watcher) {
		s.dismiss(stopping, conn, who, access.NoPlace, unavailable("too many clients watch operations: try again later"))
		return
	}
	defer s.watches.Leave(watcher)
	err := answered.lines(ctx, s.options.WatchInterval, func(body any) error {
		if unread(conn) == 0 {
			s.watches.Mark(watcher, true)
		}
		return s.sendLine(ctx, conn, body)
	})
	switch {
	case ctx.Err() != nil:
		err = nil
	case err == nil:
		err = conn.CloseWrite()
	}
	s.logAnswer(who, answered, time.Since(begun), err)
	if err == nil {
		drain(stopping, ctx, conn, drainTimeout)
	}
}

func (s *Server) sendLine(ctx context.Context, conn *net.UnixConn, body any) error {
	line, err := wire.Encode(body)
	if err != nil {
		return err
	}
	defer limitWriting(ctx, conn, s.options.AnswerTimeout)()
	_, err = conn.Write(append(line, '\n'))
	return err
}
