package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"dbcalm-db-cmd/machine/api"
)

// errNothingSent: the stream ended before its first byte.
var errNothingSent = errors.New("nothing was sent")

// readFrame reads one JSON object and returns as soon as its last brace is
// there; what follows it is ignored. The verdict depends on the bytes alone,
// not on the pieces they come in.
//
// A stream that is no such object is refused at its first wrong byte with a
// *api.Error. Errors of r, such as a passed deadline, come back as they
// are.
func readFrame(r io.Reader, limit int) (json.RawMessage, error) {
	source := &frameReader{source: r, left: limit}
	var frame json.RawMessage
	err := json.NewDecoder(source).Decode(&frame)
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return frame, nil
	case errors.As(err, &syntax):
		return nil, invalid("request is not valid JSON: %v, at byte %d", syntax, syntax.Offset)
	case err == io.EOF && !source.begun:
		return nil, errNothingSent
	case err == io.EOF, err == io.ErrUnexpectedEOF:
		return nil, invalid("request ended before its JSON object was complete")
	case errors.Is(err, errTooBig):
		return nil, invalid("request is larger than %d bytes", limit)
	default:
		return nil, err
	}
}

var errTooBig = errors.New("limit reached")

// frameReader passes on the bytes of one frame: up to a limit, and none if the
// first one that is not white space opens no object.
type frameReader struct {
	source io.Reader
	left   int
	// begun and opened tell what has been seen: any byte, the first brace.
	begun, opened bool
}

func (f *frameReader) Read(p []byte) (int, error) {
	if f.left == 0 {
		return 0, errTooBig
	}
	n, err := f.source.Read(p[:min(len(p), f.left)])
	f.left -= n
	f.begun = f.begun || n > 0
	// At the limit, too big is the verdict even if the end came with it.
	if f.left == 0 && err == io.EOF {
		err = nil
	}
	if !f.opened {
		if start := bytes.TrimLeft(p[:n], " \t\r\n"); len(start) > 0 {
			if start[0] != '{' {
				return 0, invalid("request is not a JSON object: it starts with %q", start[:1])
			}
			f.opened = true
		}
	}
	return n, err
}

func unavailable(message string) *api.Error {
	return &api.Error{Kind: api.Unavailable, Message: message}
}

func invalid(format string, args ...any) *api.Error {
	return &api.Error{Kind: api.Invalid, Message: fmt.Sprintf(format, args...)}
}
