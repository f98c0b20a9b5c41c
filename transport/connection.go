package transport

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"dbcalm-db-cmd/machine"
)

// The bounds of what is read after the answer.
const (
	drainTimeout = 2 * time.Second
	drainLimit   = 64 << 20
)

// handle serves one connection to its end: a request, an answer.
func (s *Server) handle(stopping, calls context.Context, conn *net.UnixConn) {
	defer func() { _ = conn.Close() }()
	logger := s.options.Logger.With().EmbedObject(peerOf(conn)).Logger()

	frame, err := s.receive(stopping, conn)
	begun := time.Now()
	var answered reply
	switch {
	case err == nil:
		answered = s.dispatch(calls, frame)
	case isRefusal(err):
		answered = refused(calls, err)
	default:
		logger.Debug().Err(err).Msg("client left without a request")
		return
	}
	if answered.lines != nil {
		sendErr := s.stream(stopping, calls, conn, answered)
		logAnswer(logger, answered, time.Since(begun), sendErr)
		if sendErr == nil {
			drain(stopping, conn)
		}
		return
	}
	answer, err := answered.bytes()
	if err != nil {
		unencodable := refused(calls, err)
		unencodable.command, unencodable.operation = answered.command, answered.operation
		answered = unencodable
		answer, _ = answered.bytes()
	}
	sendErr := s.send(conn, answer)
	logAnswer(logger, answered, time.Since(begun), sendErr)
	if sendErr == nil {
		drain(stopping, conn)
	}
}

func isRefusal(err error) bool {
	_, ok := errors.AsType[*machine.Error](err)
	return ok
}

// receive returns the request. Errors other than refusals mean that nobody is
// waiting for an answer.
func (s *Server) receive(stopping context.Context, conn *net.UnixConn) (json.RawMessage, error) {
	defer limitReading(stopping, conn, s.options.RequestTimeout)()
	frame, err := readFrame(conn, RequestLimit)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return frame, err
	}
	if stopping.Err() != nil {
		return nil, &machine.Error{Kind: machine.Unavailable, Message: stoppingMessage}
	}
	return nil, invalid("request took too long: no complete JSON object within %s", s.options.RequestTimeout)
}

// limitReading ends the reads of conn after a time, or when the server stops.
// The function it returns must be called when the reading is over.
func limitReading(stopping context.Context, conn *net.UnixConn, limit time.Duration) func() bool {
	_ = conn.SetReadDeadline(time.Now().Add(limit))
	return context.AfterFunc(stopping, func() { _ = conn.SetReadDeadline(time.Now()) })
}

// send writes the answer in one write and ends the stream.
func (s *Server) send(conn *net.UnixConn, answer []byte) error {
	if err := conn.SetWriteDeadline(time.Now().Add(s.options.AnswerTimeout)); err != nil {
		return err
	}
	if _, err := conn.Write(answer); err != nil {
		return err
	}
	return conn.CloseWrite()
}

// drain reads on until the client closes. On Linux a socket closed with
// unread bytes resets its peer, and one that is gone breaks the write of a
// peer still sending: either way the client might never see its answer.
func drain(stopping context.Context, conn *net.UnixConn) {
	defer limitReading(stopping, conn, drainTimeout)()
	_, _ = io.CopyN(io.Discard, conn, drainLimit)
}
