package disk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"sync"
)

// EachFile calls work for 0 to n-1 from several goroutines and returns the
// first error, or the cause of ctx's end.
func EachFile(ctx context.Context, parallel, n int, work func(i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var workers sync.WaitGroup
	for range max(1, min(parallel, n)) {
		workers.Go(func() {
			for i := range next {
				if err := work(i); err != nil {
					cancel(err)
				}
			}
		})
	}
	for i := range n {
		select {
		case next <- i:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
	}
	close(next)
	workers.Wait()
	return context.Cause(ctx)
}

// HashFile returns the SHA-256 of a regular file below a folder.
func HashFile(ctx context.Context, folder, name string) (string, error) {
	f, err := OpenRegular(folder, name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	hash := sha256.New()
	if err := Copy(ctx, hash, f); err != nil {
		return "", fmt.Errorf("hash %s: %w", f.Name(), err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// buffer is what a file is read into: small enough for a processor's own cache, so
// that what is done with a piece finds it there.
type buffer [256 << 10]byte

// buffers keeps those that are not in use, for the many small files of a backup.
var buffers = sync.Pool{New: func() any { return new(buffer) }}

// Copy copies what is left of a source, until its context ends, and counts it for
// those who watch.
func Copy(ctx context.Context, to io.Writer, from io.Reader) error {
	b := buffers.Get().(*buffer)
	defer buffers.Put(b)
	// Neither side may do it in its own way, past the buffer.
	_, err := io.CopyBuffer(struct{ io.Writer }{to}, ContextReader(ctx, from), b[:])
	return err
}

// ContextReader returns a reader that stops when its context ends, and counts
// what it reads for those who watch.
func ContextReader(ctx context.Context, r io.Reader) io.Reader { return watched{ctx, r} }

type watched struct {
	ctx context.Context
	r   io.Reader
}

func (c watched) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	n, err := c.r.Read(p)
	Advance(c.ctx, n)
	return n, err
}
