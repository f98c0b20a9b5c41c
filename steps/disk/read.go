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
	if _, err := io.CopyBuffer(hash, ContextReader(ctx, f), make([]byte, 1<<20)); err != nil {
		return "", fmt.Errorf("hash %s: %w", f.Name(), err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
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
