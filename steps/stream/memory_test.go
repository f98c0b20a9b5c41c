package stream

import (
	"hash/crc32"
	"io"
	"runtime"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

// endless is a stream of as many chunks of a MiB as asked for, made while it
// is read.
type endless struct {
	chunks   int
	content  string
	checksum uint32
	offset   int
	rest     []byte
	ended    bool
}

func newEndless(chunks int, content []byte) *endless {
	return &endless{chunks: chunks, content: string(content), checksum: crc32.ChecksumIEEE(content)}
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.rest) == 0 {
		switch {
		case e.chunks > 0:
			b := le(le(head(0, typePayload, "ibdata1"), 8, uint64(len(e.content))), 8, uint64(e.offset))
			e.rest = append(le(b, 4, uint64(e.checksum)), e.content...)
			e.offset += len(e.content)
			e.chunks--
		case !e.ended:
			e.rest, e.ended = stream(endChunk("ibdata1")), true
		default:
			return 0, io.EOF
		}
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// heap passes on what is written and remembers how large the heap became.
type heap struct {
	io.Writer
	writes int
	most   uint64
}

func (h *heap) Write(p []byte) (int, error) {
	if h.writes++; h.writes%32 == 0 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		h.most = max(h.most, stats.HeapAlloc)
	}
	return h.Writer.Write(p)
}

// Not parallel: other tests have a heap too.
func TestMemoryDoesNotGrowWithTheStream(t *testing.T) {
	testkit.Slow(t)
	const chunks, bound = 128, 64 << 20
	// Little of it takes time: the race detector makes everything slow.
	sparse := make([]byte, 1<<20)
	copy(sparse[300<<10:], noise(10<<10))
	for _, c := range []Compression{None, Gzip, Zstd} {
		r, w := io.Pipe()
		back := &heap{Writer: io.Discard}
		unpacked := make(chan error)
		go func() {
			result, err := Unpack(back, r, c, nil)
			if err == nil && result.PlainSize < chunks<<20 {
				err = io.ErrUnexpectedEOF
			}
			unpacked <- err
		}()
		stored := &heap{Writer: w}
		if _, err := Pack(stored, newEndless(chunks, sparse), c, 0, nil); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-unpacked; err != nil {
			t.Fatal(err)
		}
		if most := max(back.most, stored.most); most == 0 || most > bound {
			t.Errorf("with %q: the heap grew to %d MiB, want at most %d", c, most>>20, bound>>20)
		}
	}
}
