package stream

import (
	"bufio"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow bounds the memory that compressed data can ask for; Pack's frames
// ask for less.
const maxWindow = 32 << 20

// uncompress copies src to dst, uncompressed, and shows what it writes to
// look. It returns the sum of what it has read and how much it has written.
func uncompress(dst io.Writer, src io.Reader, c Compression, n *Counters, look io.Writer) (Sum, int64, error) {
	if _, err := parseCompression(string(c)); err != nil {
		return Sum{}, 0, err
	}
	if n == nil {
		n = &Counters{}
	}
	a := newAbort(src, dst)
	f := startFeeder(a, src, n)
	size, err := decode(dst, f, c, n, look)
	if err != nil {
		a.fail(err)
	}
	stored := f.wait()
	return stored, size, a.failed()
}

// decode copies what the feeder reads to dst, uncompressed.
func decode(dst io.Writer, f *feeder, c Compression, n *Counters, look io.Writer) (int64, error) {
	plain, done, err := newDecoder(f, c)
	if err != nil {
		return 0, decodeError(err, c)
	}
	defer done()
	var size int64
	buffer := takeRoom()
	defer giveRoom(buffer)
	for {
		got, err := plain.Read(buffer[:])
		if got > 0 {
			size += int64(got)
			n.Plain.Add(int64(got))
			if _, problem := look.Write(buffer[:got]); problem != nil {
				return size, problem
			}
			if problem := writeAll(dst, buffer[:got]); problem != nil {
				return size, problem
			}
		}
		if errors.Is(err, io.EOF) {
			return size, nil
		}
		if err != nil {
			return size, decodeError(err, c)
		}
	}
}

// newDecoder returns the plain content of src, and what ends its goroutines.
func newDecoder(src io.Reader, c Compression) (io.Reader, func(), error) {
	buffered := bufio.NewReaderSize(src, 64<<10)
	switch c {
	case Gzip:
		z, err := gzip.NewReader(buffered)
		return z, func() {}, err
	case Zstd:
		// Without a single byte there is no frame, which zstd lets pass.
		if _, err := buffered.Peek(1); err != nil {
			return nil, nil, err
		}
		z, err := zstd.NewReader(buffered, zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	default:
		return src, func() {}, nil
	}
}

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
