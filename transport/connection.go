package transport

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/transport/access"
	"dbcalm-db-cmd/transport/wire"
)

// The bounds of what is read after the answer.
const (
	drainTimeout = 2 * time.Second
	drainLimit   = 64 << 20
	// dismissTimeout bounds what a client that was refused unheard is given.
	dismissTimeout = 500 * time.Millisecond
	// dismissHaste is that where many are refused: enough for what has been sent.
	dismissHaste = 5 * time.Millisecond
)

// The bounds of what clients may have of the daemon.
const (
	// youth is how long a connection is left alone however idle it is: a client
	// that asks at once needs less.
	youth = 10 * time.Millisecond
	// readingTime is how long a watcher may leave a line unread.
	readingTime = time.Second
	// A request of more than smallRequest bytes is a large one, of which there
	// may be largeRequests at once.
	smallRequest  = 16 << 10
	largeRequests = 16
	// An answer of more than smallAnswer bytes is a large one: it does not fit in
	// a socket, and is kept in memory until it has been read. There may be
	// largeAnswers at once.
	smallAnswer  = 64 << 10
	largeAnswers = 16
	// answerGrace is how long nothing of a large answer may be read while others
	// wait to send theirs.
	answerGrace = 250 * time.Millisecond
)

const (
	crowdedMessage = "the daemon has as many connections as it can serve: try again later, or close those that wait for nothing"
	evictedMessage = "the daemon needs this connection for others: send the whole request at once"
	largeMessage   = "too many large requests or answers at once: try again later"
)

// handle serves one connection to its end: a request, an answer.
func (s *Server) handle(stopping, calls context.Context, conn *net.UnixConn) {
	defer func() { _ = conn.Close() }()
	who := access.PeerOf(conn)
	if !s.policy.MayConnect(who) {
		s.dismiss(stopping, conn, who, access.NotAllowed, access.ShutOut(who))
		return
	}
	evicted, evict := context.WithCancel(context.Background())
	defer func() { evict() }()
	client := s.newGuest(who, evict)
	var heard atomic.Bool
	client.Waits = func() bool { return !heard.Load() && asks(conn) }
	if !s.enter(stopping, conn, who, client) {
		return
	}
	defer func() { s.clients.Leave(client) }()

	frame, err := s.receive(stopping, evicted, conn, client)
	heard.Store(true)
	s.clients.Mark(client, true)
	if err == nil && evicted.Err() != nil {
		// It lost its place while its request was read, and gets another for it.
		evicted, evict = context.WithCancel(context.Background())
		client = s.newGuest(who, evict)
		client.Busy = true
		if !s.enter(stopping, conn, who, client) {
			return
		}
	}
	begun := time.Now()
	var answered reply
	switch {
	case err == nil:
		answered = s.dispatch(calls, who, frame, func() bool { return s.awaitTurn(evicted, client) })
	case errors.Is(err, errEvicted):
		s.dismiss(stopping, conn, who, access.NoPlace, unavailable(evictedMessage))
		return
	case isRefusal(err):
		answered = refusalReply(calls, err)
	default:
		s.options.Logger.Debug().EmbedObject(who).Err(err).Msg("client left without a request")
		return
	}
	if evicted.Err() != nil {
		s.dismiss(stopping, conn, who, access.NoPlace, unavailable(crowdedMessage))
		return
	}
	if answered.lines != nil {
		s.clients.Leave(client)
		s.stream(stopping, calls, conn, who, answered, begun)
		return
	}
	// What has a body has been encoded, and a refusal can always be.
	answer, _ := answered.bytes()
	s.clients.Mark(client, false)
	if len(answer) > smallAnswer {
		large := &access.Guest{UID: who.UID, Busy: true, Idles: func() bool { return unread(conn) > 0 }, Evict: evict}
		if !s.answers.Enter(stopping, large) {
			s.dismiss(stopping, conn, who, access.NoPlace, unavailable(largeMessage))
			return
		}
		defer s.answers.Leave(large)
	}
	sendErr := s.send(evicted, conn, answer)
	s.logAnswer(who, answered, time.Since(begun), sendErr)
	if sendErr == nil {
		drain(stopping, evicted, conn, drainTimeout)
	}
}

// enter gives a client a place, or tells it that there is none.
func (s *Server) enter(stopping context.Context, conn *net.UnixConn, who access.Peer, client *access.Guest) bool {
	if s.clients.Enter(stopping, client) {
		return true
	}
	message := crowdedMessage
	if stopping.Err() != nil {
		message = stoppingMessage
	}
	s.dismiss(stopping, conn, who, access.NoPlace, unavailable(message))
	return false
}

// awaitTurn waits for a turn to look at something. Meanwhile nobody works for
// the client.
func (s *Server) awaitTurn(evicted context.Context, client *access.Guest) bool {
	s.clients.Mark(client, false)
	defer s.clients.Mark(client, true)
	return s.turns.Take(evicted, client.UID)
}

func (s *Server) newGuest(who access.Peer, evict func()) *access.Guest {
	return &access.Guest{UID: who.UID, Self: who.UID == s.own && who.PID == s.self, Evict: evict}
}

// dismiss refuses a client that was not heard. It is told why, and given a
// moment to read it if not too many others are.
func (s *Server) dismiss(stopping context.Context, conn *net.UnixConn, who access.Peer, what string, refusal *api.Error) {
	if s.quota.Take(what, who.UID) {
		s.options.Logger.Warn().EmbedObject(who).Str(access.KeyReason, refusal.Message).Msg("connection refused")
	}
	code := codeOf(refusal.Kind)
	answer := wire.EncodeEnvelope(wire.Envelope{Head: wire.HeadOf(code), Message: refusal.Message})
	if s.send(context.Background(), conn, answer) != nil {
		return
	}
	select {
	case s.dismissed <- struct{}{}:
		drain(stopping, stopping, conn, dismissTimeout)
		<-s.dismissed
	default:
		drain(stopping, stopping, conn, dismissHaste)
	}
}

func isRefusal(err error) bool {
	_, ok := errors.AsType[*api.Error](err)
	return ok
}

// errEvicted: the client has lost its place before its request was complete.
var errEvicted = errors.New("the connection was needed for others")

// receive returns the request. Errors other than refusals and errEvicted mean
// that nobody is waiting for an answer.
func (s *Server) receive(stopping, evicted context.Context, conn *net.UnixConn, client *access.Guest) (json.RawMessage, error) {
	defer limitReading(stopping, evicted, conn, s.options.RequestTimeout)()
	large := &access.Guest{UID: client.UID, Busy: true}
	defer s.requests.Leave(large)
	reader := &requestReader{conn: conn, grow: func() bool { return s.requests.Try(large) }, came: func() { s.clients.Mark(client, false) }}
	frame, err := readFrame(reader, requestLimit)
	switch {
	case !errors.Is(err, os.ErrDeadlineExceeded):
		return frame, err
	case stopping.Err() != nil:
		return nil, unavailable(stoppingMessage)
	case evicted.Err() != nil:
		return nil, errEvicted
	}
	return nil, invalid("request took too long: no complete JSON object within %s", s.options.RequestTimeout)
}

// requestReader reads a request, which is kept in memory until it is complete.
// Before one becomes large, grow is asked whether there is room for that; came
// is told of every piece.
type requestReader struct {
	conn  io.Reader
	grow  func() bool
	came  func()
	read  int
	large bool
}

func (r *requestReader) Read(p []byte) (int, error) {
	if r.read >= smallRequest && !r.large {
		if !r.grow() {
			return 0, unavailable(largeMessage)
		}
		r.large = true
	}
	n, err := r.conn.Read(p)
	r.read += n
	r.came()
	return n, err
}

// limitReading ends the reads of conn after a time, or when the server stops or
// the connection's place is needed. The function it returns must be called when
// the reading is over.
func limitReading(stopping, evicted context.Context, conn *net.UnixConn, limit time.Duration) func() {
	_ = conn.SetReadDeadline(time.Now().Add(limit))
	end := func() { _ = conn.SetReadDeadline(time.Now()) }
	first, second := context.AfterFunc(stopping, end), context.AfterFunc(evicted, end)
	return func() { first(); second() }
}

// limitWriting ends the writes of conn after a time, or when ctx ends. The
// function it returns must be called when the writing is over.
func limitWriting(ctx context.Context, conn *net.UnixConn, limit time.Duration) func() bool {
	_ = conn.SetWriteDeadline(time.Now().Add(limit))
	return context.AfterFunc(ctx, func() { _ = conn.SetWriteDeadline(time.Now()) })
}

// send writes the answer in one write and ends the stream.
func (s *Server) send(evicted context.Context, conn *net.UnixConn, answer []byte) error {
	defer limitWriting(evicted, conn, s.options.AnswerTimeout)()
	if _, err := conn.Write(answer); err != nil {
		return err
	}
	return conn.CloseWrite()
}

// drain reads on until the client closes. On Linux a socket closed with
// unread bytes resets its peer, and one that is gone breaks the write of a
// peer still sending: either way the client might never see its answer.
func drain(stopping, evicted context.Context, conn *net.UnixConn, limit time.Duration) {
	defer limitReading(stopping, evicted, conn, limit)()
	_, _ = io.CopyN(io.Discard, conn, drainLimit)
}
