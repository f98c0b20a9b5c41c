package stream

import (
	"bytes"
	"fmt"
	"runtime"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// encoder compresses a block into a frame that stands for itself, appended to
// frame. Frames in a row are one file to zstd and gzip.
type encoder func(frame, block []byte) []byte

// newEncoders returns the encoders of a compression, one a goroutine.
func newEncoders(c Compression, level int) ([]encoder, error) {
	if err := CheckLevel(c, level); err != nil {
		return nil, err
	}
	switch c {
	case Gzip:
		return gzipEncoders(max(level, gzip.BestSpeed))
	case Zstd:
		return zstdEncoders(max(level, 1))
	default:
		return nil, nil
	}
}

func zstdEncoders(level int) ([]encoder, error) {
	encoders := make([]encoder, runtime.GOMAXPROCS(0))
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(level)), zstd.WithZeroFrames(true),
		zstd.WithWindowSize(blockSize), zstd.WithEncoderConcurrency(len(encoders)))
	if err != nil {
		return nil, fmt.Errorf("make zstd encoder: %w", err)
	}
	for i := range encoders {
		encoders[i] = func(frame, block []byte) []byte { return z.EncodeAll(block, frame) }
	}
	return encoders, nil
}

func gzipEncoders(level int) ([]encoder, error) {
	encoders := make([]encoder, runtime.GOMAXPROCS(0))
	for i := range encoders {
		z, err := gzip.NewWriterLevel(nil, level)
		if err != nil {
			return nil, fmt.Errorf("make gzip encoder: %w", err)
		}
		encoders[i] = func(frame, block []byte) []byte {
			out := bytes.NewBuffer(frame)
			z.Reset(out)
			// A buffer takes everything.
			_, _ = z.Write(block)
			_ = z.Close()
			return out.Bytes()
		}
	}
	return encoders, nil
}
