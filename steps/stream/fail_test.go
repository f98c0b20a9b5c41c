package stream

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
)

var errBroken = errors.New("broken")

// limited takes so many bytes and then fails.
type limited struct {
	left int
	err  error
}

func (l *limited) Write(p []byte) (int, error) {
	if len(p) > l.left {
		n := l.left
		l.left = 0
		return n, l.err
	}
	l.left -= len(p)
	return len(p), nil
}

// long is a stream of several blocks.
var long = stream(whole("ibdata1", strings.Repeat("0123456789abcde\n", 5*blockSize/16)), whole("empty", ""))

// stored is what Pack makes of a stream.
func stored(t *testing.T, plain []byte, c Compression) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := Pack(&b, bytes.NewReader(plain), c, 0, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// each runs a test for every compression.
func each(t *testing.T, test func(*testing.T, Compression)) {
	t.Parallel()
	for _, c := range []Compression{None, Gzip, Zstd} {
		t.Run("with "+string(c), func(t *testing.T) {
			t.Parallel()
			test(t, c)
		})
	}
}

func TestPackTellsWhatFailed(t *testing.T) {
	each(t, func(t *testing.T, c Compression) {
		var source *SourceError
		_, err := Pack(io.Discard, io.MultiReader(bytes.NewReader(long[:3*blockSize/2]), iotest.ErrReader(errBroken)), c, 0, nil)
		if !errors.As(err, &source) || !errors.Is(err, errBroken) || err.Error() != "read stream: broken" {
			t.Errorf("broken source: got %v", err)
		}
		_, err = Pack(io.Discard, idle{}, c, 0, nil)
		if !errors.As(err, &source) || !errors.Is(err, io.ErrNoProgress) {
			t.Errorf("idle source: got %v", err)
		}
		var sink *SinkError
		_, err = Pack(&limited{10, errBroken}, bytes.NewReader(long), c, 0, nil)
		if !errors.As(err, &sink) || !errors.Is(err, errBroken) || err.Error() != "write stream: broken" {
			t.Errorf("broken sink: got %v", err)
		}
		_, err = Pack(&limited{10, nil}, bytes.NewReader(long), c, 0, nil)
		if !errors.As(err, &sink) || !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("short sink: got %v", err)
		}
		var framing *FramingError
		for name, b := range map[string][]byte{"empty": nil, "cut": long[:len(long)-1], "cut between chunks": long[:len(long)-len(stream())],
			"garbage": append([]byte("x"), long...)} {
			if _, err = Pack(io.Discard, bytes.NewReader(b), c, 0, nil); !errors.As(err, &framing) {
				t.Errorf("%s: got %v", name, err)
			}
		}
	})
}

// idle returns nothing, for ever.
type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

func TestUnpackTellsWhatFailed(t *testing.T) {
	each(t, func(t *testing.T, c Compression) {
		b := stored(t, long, c)
		var source *SourceError
		_, err := Unpack(io.Discard, io.MultiReader(bytes.NewReader(b[:len(b)/2]), iotest.ErrReader(errBroken)), c, nil)
		if !errors.As(err, &source) || !errors.Is(err, errBroken) {
			t.Errorf("broken source: got %v", err)
		}
		_, err = Unpack(io.Discard, iotest.ErrReader(errBroken), c, nil)
		if !errors.As(err, &source) {
			t.Errorf("source broken at once: got %v", err)
		}
		_, err = Unpack(io.Discard, idle{}, c, nil)
		if !errors.As(err, &source) || !errors.Is(err, io.ErrNoProgress) {
			t.Errorf("idle source: got %v", err)
		}
		var sink *SinkError
		_, err = Unpack(&limited{10, errBroken}, bytes.NewReader(b), c, nil)
		if !errors.As(err, &sink) || !errors.Is(err, errBroken) {
			t.Errorf("broken sink: got %v", err)
		}
		var framing *FramingError
		var other *CompressionError
		if _, err = Unpack(io.Discard, bytes.NewReader(packed(t, []byte("no stream at all"), c, 0)), c, nil); !errors.As(err, &framing) {
			t.Errorf("no xbstream within: got %v", err)
		}
		if _, err = Unpack(io.Discard, bytes.NewReader(nil), c, nil); !errors.As(err, &framing) && !errors.As(err, &other) {
			t.Errorf("nothing: got %v", err)
		}
	})
}

// A program that neither reads nor ends, or writes nothing more, must not hold
// up the report of what failed at the other end.
func TestFailureInterruptsTheOtherEnd(t *testing.T) {
	each(t, func(t *testing.T, c Compression) {
		var sink *SinkError
		if _, err := Pack(&limited{0, errBroken}, mute(t, long), c, 0, nil); !errors.As(err, &sink) {
			t.Errorf("pack from a mute program: got %v", err)
		}
		if _, err := Unpack(&limited{0, errBroken}, mute(t, stored(t, long, c)), c, nil); !errors.As(err, &sink) {
			t.Errorf("unpack from a mute program: got %v", err)
		}
		var framing *FramingError
		start := payloadChunk(0, "a", 0, string(noise(blockSize)))
		_, deaf := pipe(t)
		broken := io.MultiReader(bytes.NewReader(start), strings.NewReader("no chunk at all"))
		if _, err := Pack(deaf, broken, c, 0, nil); !errors.As(err, &framing) {
			t.Errorf("pack into a deaf program: got %v", err)
		}
		var source *SourceError
		_, deaf = pipe(t)
		broken = io.MultiReader(bytes.NewReader(packed(t, start, c, 0)), iotest.ErrReader(errBroken))
		if _, err := Unpack(deaf, broken, c, nil); !errors.As(err, &source) {
			t.Errorf("unpack into a deaf program: got %v", err)
		}
	})
}

// mute is a program that writes b and then neither more nor its end.
func mute(t *testing.T, b []byte) io.Reader {
	t.Helper()
	r, w := pipe(t)
	var running sync.WaitGroup
	running.Go(func() { _, _ = w.Write(b) })
	t.Cleanup(func() {
		_ = r.Close()
		running.Wait()
	})
	return r
}

// pipe makes a pipe as programs are connected by.
func pipe(t *testing.T) (*os.File, *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = r.Close(), w.Close() })
	return r, w
}
