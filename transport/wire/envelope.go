package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"

	"dbcalm-db-cmd/steps/printable"
)

// AnswerLimit bounds the answers that other programs rely on: one of them
// reads once, 4,096 bytes, and takes that for the whole answer.
const AnswerLimit = 4096

// The codes of the wire.
const (
	CodeOK          = 200
	CodeAccepted    = 202
	CodeInvalid     = 400
	CodeForbidden   = 403
	CodeNotFound    = 404
	CodeConflict    = 409
	CodeInternal    = 500
	CodeUnavailable = 503
)

// phrases are the reason phrases of the codes, RFC 9110 section 15.
var phrases = map[int]string{
	CodeOK:          "OK",
	CodeAccepted:    "Accepted",
	CodeInvalid:     "Bad Request",
	CodeForbidden:   "Forbidden",
	CodeNotFound:    "Not Found",
	CodeConflict:    "Conflict",
	CodeInternal:    "Internal Server Error",
	CodeUnavailable: "Service Unavailable",
}

// InternalMessage is what a person is told of an error that is for the log.
const InternalMessage = "internal error; the daemon's log says more"

// Head is what an answer begins with.
type Head struct {
	Code   int    `json:"code"`
	Status string `json:"status"`
}

// HeadOf returns the head of an answer with a code.
func HeadOf(code int) Head { return Head{Code: code, Status: phrases[code]} }

// Envelope is the common answer: ID only with 202 and to a cancel, Message
// only with errors.
type Envelope struct {
	Head
	ID      string `json:"id,omitempty"`
	Message string `json:"message,omitempty"`
}

// Encode returns the one line of JSON that body is on the wire. Of what tools,
// rows and others' sockets have said, no control character goes out.
func Encode(body any) ([]byte, error) {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	// Messages quote things; a person reads them.
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		return nil, fmt.Errorf("encode an answer: %w", err)
	}
	return printable.JSON(bytes.TrimSuffix(line.Bytes(), []byte("\n"))), nil
}

// EncodeEnvelope encodes an answer smaller than AnswerLimit, cutting its
// message if it must.
func EncodeEnvelope(answer Envelope) []byte {
	message := printable.Text(answer.Message)
	fits := func(length int) bool {
		answer.Message = printable.Shorten(message, length)
		line, err := Encode(answer)
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
	line, _ := Encode(answer)
	return line
}
