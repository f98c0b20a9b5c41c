package stream

import (
	"crypto/sha256"
	"errors"
	"hash"
	"io"
)

// compressor compresses a stream in blocks:
//
//	read, look ──▶ encode, several at a time ──▶ write, hash
type compressor struct {
	*abort
	dst    io.Writer
	src    io.Reader
	look   io.Writer
	n      *Counters
	digest hash.Hash
	stored int64
	size   int64
	began  bool
}

// compress copies src to dst, compressed, and shows what it reads to look. It
// returns the sum of what it has written and how much it has read.
func compress(dst io.Writer, src io.Reader, c Compression, level int, n *Counters, look io.Writer) (Sum, int64, error) {
	encoders, err := takeEncoders(c, level)
	if err != nil {
		return Sum{}, 0, err
	}
	defer giveEncoders(c, level, encoders)
	if n == nil {
		n = &Counters{}
	}
	z := &compressor{abort: newAbort(src, dst), dst: dst, src: src, look: look, n: n, digest: sha256.New()}
	v := conveyor{abort: z.abort, take: z.read, give: z.write}
	for _, encode := range encoders {
		v.work = append(v.work, func(b *block) {
			b.frame = encode(b.frame[:0], b.plain)
			b.stored = b.frame
		})
	}
	v.run()
	return sumOf(z.digest, z.stored), z.size, z.failed()
}

// read fills a block. An empty stream has one, too.
func (z *compressor) read(b *block) (some, last bool) {
	first := !z.began
	z.began = true
	n, idle := 0, 0
	var err error
	for n < len(b.room) && err == nil && z.failed() == nil {
		var more int
		more, err = z.src.Read(b.room[n:])
		z.n.Plain.Add(int64(more))
		n += more
		if idle++; more > 0 {
			idle = 0
		} else if idle == maxIdle && err == nil {
			err = io.ErrNoProgress
		}
	}
	b.plain = b.room[:n]
	b.stored = b.plain
	z.size += int64(n)
	if _, problem := z.look.Write(b.plain); problem != nil {
		z.fail(problem)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		z.fail(&SourceError{err})
	}
	return n > 0 || first, err != nil
}

// maxIdle is how often in a row a source may return nothing.
const maxIdle = 100

// write takes a block to the destination.
func (z *compressor) write(b *block) {
	if err := writeAll(z.dst, b.stored); err != nil {
		z.fail(err)
		return
	}
	z.digest.Write(b.stored)
	z.stored += int64(len(b.stored))
	z.n.Stored.Add(int64(len(b.stored)))
}
