package transport

import (
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReadFrame(t *testing.T) {
	t.Parallel()
	const limit = 64
	const cut = "request ended before its JSON object was complete"
	const big = "request is larger than 64 bytes"
	spaces := strings.Repeat(" ", limit-2)
	for name, test := range map[string]struct{ stream, frame, refusal string }{
		"object":                  {`{"a":{"b":"}"}}`, `{"a":{"b":"}"}}`, ""},
		"what follows is ignored": {`{}}}garbage`, `{}`, ""},
		"a second object":         {`{"a":1}{"a":2}`, `{"a":1}`, ""},
		"white space first":       {"\n\r\t {}", `{}`, ""},
		"escaped quote":           {`{"a":"\"}"}`, `{"a":"\"}"}`, ""},
		"exactly the limit":       {spaces + "{}", `{}`, ""},
		"limit with a tail":       {spaces + "{}" + spaces, `{}`, ""},
		"over the limit":          {spaces + " {}", "", big},
		"endless object":          {`{"a":"` + spaces, "", big},
		"cut off at the limit":    {`{"a":"` + spaces[:limit-6], "", big},
		"endless white space":     {spaces + "   ", "", big},
		"cut off":                 {`{"a":`, "", cut},
		"cut off in a text":       {`{"a":"}`, "", cut},
		"white space only":        {" \n", "", cut},
		"number":                  {`5`, "", `request is not a JSON object: it starts with "5"`},
		"list":                    {`[{}]`, "", `request is not a JSON object: it starts with "["`},
		"byte order mark":         {"\xef\xbb\xbf{}", "", `request is not a JSON object: it starts with "\xef"`},
		"bare word": {`{a:1}`, "",
			"request is not valid JSON: invalid character 'a' looking for beginning of object key string, at byte 2"},
		"line break in a text": {"{\"a\n", "", `request is not valid JSON: invalid character '\n' in string literal, at byte 4`},
		"wrong bracket":        {`{"a":[}`, "", "request is not valid JSON: invalid character '}' looking for beginning of value, at byte 7"},
	} {
		frame, err := readFrame(strings.NewReader(test.stream), limit)
		if refusal := textOrEmpty(err); string(frame) != test.frame || refusal != test.refusal {
			t.Errorf("%s: got %q, %q; want %q, %q", name, frame, refusal, test.frame, test.refusal)
		}
	}
}

func textOrEmpty(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestReadFrameDeep(t *testing.T) {
	t.Parallel()
	_, err := readFrame(strings.NewReader(strings.Repeat(`{"a":`, 100_000)), requestLimit)
	if textOrEmpty(err) != "request is not valid JSON: invalid character '{' exceeded max depth, at byte 50001" {
		t.Errorf("got %v", err)
	}
}

func TestReadFrameOfNothing(t *testing.T) {
	t.Parallel()
	if _, err := readFrame(strings.NewReader(""), 64); !errors.Is(err, errNothingSent) {
		t.Errorf("got %v", err)
	}
}

func TestReadFramePassesErrorsOn(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	stream := io.MultiReader(strings.NewReader(`{"a":`), iotest.ErrReader(broken))
	if _, err := readFrame(stream, 64); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

// A frame is complete at its last brace and broken at its first wrong byte:
// the stream stays open in this test, and nothing more comes.
func TestReadFrameDoesNotWaitForMore(t *testing.T) {
	t.Parallel()
	for _, pieces := range [][]string{{`{"a":1}`}, {`{`, `"a"`, `:1}`}, {" ", "x"}, {`{"a" `, `1`}} {
		reader, writer := net.Pipe()
		verdict := make(chan error, 1)
		go func() {
			_, err := readFrame(reader, 64)
			verdict <- err
		}()
		for _, piece := range pieces {
			// A write to a pipe returns when the piece has been read.
			send(t, writer, piece)
		}
		_ = await(t, verdict)
		_, _ = reader.Close(), writer.Close()
	}
}

// FuzzFrame: any bytes in any pieces are judged like the same bytes at once.
func FuzzFrame(f *testing.F) {
	for _, seed := range []string{
		"", " ", `{}`, `{"cmd":"full_backup","args":{"id":"x"}}`, `{"a":"\"}"} tail`, `[1]`, `{"a":`, "{\"a\":\"\xff\"}",
		strings.Repeat(" ", 70), `{"a":"` + strings.Repeat("x", 70), strings.Repeat(`{"a":`, 12),
	} {
		f.Add([]byte(seed), uint64(1))
	}
	f.Fuzz(func(t *testing.T, stream []byte, cuts uint64) {
		const limit = 64
		whole, wholeErr := readFrame(&pieces{left: stream}, limit)
		random := rand.New(rand.NewPCG(cuts, 0))
		for name, split := range map[string]io.Reader{
			"pieces":          &pieces{left: stream, next: func() int { return 1 + random.IntN(9) }},
			"bytes":           &pieces{left: stream, next: func() int { return 1 }},
			"end with a byte": iotest.DataErrReader(&pieces{left: stream}),
		} {
			frame, err := readFrame(split, limit)
			if string(frame) != string(whole) || textOrEmpty(err) != textOrEmpty(wholeErr) {
				t.Errorf("%s: %q, %v; at once: %q, %v", name, frame, err, whole, wholeErr)
			}
		}
		if wholeErr == nil && (!json.Valid(whole) || whole[0] != '{' || whole[len(whole)-1] != '}') {
			t.Errorf("%q passed for an object", whole)
		}
		if wholeErr != nil && !isRefusal(wholeErr) && !errors.Is(wholeErr, errNothingSent) {
			t.Errorf("an error nobody answers: %v", wholeErr)
		}
	})
}

// pieces is a stream that comes in pieces; without next, in one.
type pieces struct {
	left []byte
	next func() int
}

func (p *pieces) Read(into []byte) (int, error) {
	if len(p.left) == 0 {
		return 0, io.EOF
	}
	size := len(into)
	if p.next != nil {
		size = min(size, p.next())
	}
	n := copy(into[:size], p.left)
	p.left = p.left[n:]
	return n, nil
}
