package transport

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
	"unicode/utf8"

	"dbcalm-db-cmd/steps/printable"
)

// AnswerLimit bounds the answers that other programs rely on: one of them
// reads once, 4,096 bytes, and takes that for the whole answer.
const AnswerLimit = 4096

// echoLimit bounds what an answer or a log line repeats of a request.
const echoLimit = 160

// The codes of the wire.
const (
	codeOK          = 200
	codeAccepted    = 202
	codeInvalid     = 400
	codeForbidden   = 403
	codeNotFound    = 404
	codeConflict    = 409
	codeInternal    = 500
	codeUnavailable = 503
)

// phrases are the reason phrases of the codes, RFC 9110 section 15.
var phrases = map[int]string{
	codeOK:          "OK",
	codeAccepted:    "Accepted",
	codeInvalid:     "Bad Request",
	codeForbidden:   "Forbidden",
	codeNotFound:    "Not Found",
	codeConflict:    "Conflict",
	codeInternal:    "Internal Server Error",
	codeUnavailable: "Service Unavailable",
}

// envelope is the common answer: ID only with 202 and to a cancel, Message
// only with errors.
type envelope struct {
	Code    int    `json:"code"`
	Status  string `json:"status"`
	ID      string `json:"id,omitempty"`
	Message string `json:"message,omitempty"`
}

// encode returns the one line of JSON that body is on the wire. Of what tools,
// rows and others' sockets have said, no control character goes out.
func encode(body any) ([]byte, error) {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	// Messages quote things; a person reads them.
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		return nil, fmt.Errorf("encode an answer: %w", err)
	}
	return printable.JSON(bytes.TrimSuffix(line.Bytes(), []byte("\n"))), nil
}

// encodeEnvelope encodes an answer smaller than AnswerLimit, cutting its
// message if it must.
func encodeEnvelope(answer envelope) []byte {
	message := printable.Text(answer.Message)
	fits := func(length int) bool {
		answer.Message = shorten(message, length)
		line, err := encode(answer)
		return err == nil && len(line) < AnswerLimit
	}
	// Escapes make a message longer by an amount that depends on where it is
	// cut: look for the longest that fits.
	most := min(len(message), AnswerLimit)
	if length := most; !fits(length) {
		length = sort.Search(most, func(n int) bool { return !fits(n + 1) })
		fits(length)
	}
	// Numbers and valid text always encode.
	line, _ := encode(answer)
	return line
}

// shorten returns text in at most limit bytes, cut between two runes and
// marked with an ellipsis if that took anything away.
func shorten(text string, limit int) string {
	const ellipsis = "…"
	if len(text) <= limit {
		return text
	}
	end := max(limit-len(ellipsis), 0)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + ellipsis
}
