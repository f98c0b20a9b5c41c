package stream

import (
	"bufio"
	"errors"
	"io"
	"runtime"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow bounds the memory that compressed data can ask for; Pack's frames
// ask for less.
const maxWindow = 32 << 20

// uncompressor uncompresses a stream: in blocks where it is one of zstd's frames of
// a block each, as Pack makes them,
//
//	find frames ──▶ decode, several at a time ──▶ look, write
//
// and else byte by byte.
type uncompressor struct {
	*abort
	dst  io.Writer
	look io.Writer
	n    *Counters
	c    Compression
	size int64
}

// uncompress copies src to dst, uncompressed, and shows what it writes to
// look. It returns the sum of what it has read and how much it has written.
func uncompress(dst io.Writer, src io.Reader, c Compression, n *Counters, look io.Writer) (Sum, int64, error) {
	if _, err := parseCompression(string(c)); err != nil {
		return Sum{}, 0, err
	}
	if n == nil {
		n = &Counters{}
	}
	u := &uncompressor{abort: newAbort(src, dst), dst: dst, look: look, n: n, c: c}
	f := startFeeder(u.abort, src, n)
	if err := u.decode(f); err != nil {
		u.fail(err)
	}
	stored := f.wait()
	return stored, u.size, u.failed()
}

// decode uncompresses what the feeder reads.
func (u *uncompressor) decode(f io.Reader) error {
	if u.c == None {
		return u.copy(f)
	}
	src := bufio.NewReaderSize(f, 64<<10)
	if u.c == Gzip {
		z, err := gzip.NewReader(src)
		if err != nil {
			return decodeError(err, u.c)
		}
		return u.copy(z)
	}
	// Without a single byte there is no frame, which zstd lets pass.
	if _, err := src.Peek(1); err != nil {
		return decodeError(err, u.c)
	}
	rest, err := u.frames(src)
	if err != nil || rest == nil {
		return err
	}
	z, err := zstd.NewReader(rest, zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return decodeError(err, u.c)
	}
	defer z.Close()
	return u.copy(z)
}

// copy copies what was uncompressed.
func (u *uncompressor) copy(plain io.Reader) error {
	buffer := takeRoom()
	defer giveRoom(buffer)
	for {
		got, err := plain.Read(buffer[:])
		if got > 0 {
			if problem := u.write(buffer[:got]); problem != nil {
				return problem
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return decodeError(err, u.c)
		}
	}
}

func (u *uncompressor) write(plain []byte) error {
	u.size += int64(len(plain))
	u.n.Plain.Add(int64(len(plain)))
	if _, err := u.look.Write(plain); err != nil {
		return err
	}
	return writeAll(u.dst, plain)
}

// frames uncompresses the frames of a block each that a stream of zstd begins with.
// Rest is what comes after them, nil at the end of the stream.
func (u *uncompressor) frames(src *bufio.Reader) (rest io.Reader, err error) {
	z, err := frameDecoder()
	if err != nil {
		return nil, err
	}
	var found error
	v := conveyor{abort: u.abort}
	v.take = func(b *block) (some, last bool) {
		b.frame, rest, found = nextFrame(src, b.frame[:0])
		return found == nil && rest == nil, false
	}
	for range decoders {
		v.work = append(v.work, func(b *block) {
			if b.plain, b.err = z.DecodeAll(b.frame, b.room[:0]); b.err != nil {
				b.err = decodeError(b.err, u.c)
			}
		})
	}
	v.give = func(b *block) {
		err := b.err
		if err == nil {
			err = u.write(b.plain)
		}
		if err != nil {
			u.fail(err)
		}
	}
	v.run()
	switch {
	case u.failed() != nil:
		return nil, u.failed()
	case found != nil && !errors.Is(found, io.EOF):
		return nil, decodeError(found, u.c)
	}
	return rest, nil
}

// decoders is how many frames are decoded at a time.
var decoders = min(runtime.GOMAXPROCS(0), maxEncoders)

// frameDecoder serves all streams: without a source of its own it has no goroutine.
var frameDecoder = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(decoders), zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxWindow(maxWindow))
})

// decodeError tells a damaged content from a source that failed.
func decodeError(err error, c Compression) error {
	var source *SourceError
	if errors.As(err, &source) {
		return source
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return &CompressionError{Compression: c, Err: err}
}
