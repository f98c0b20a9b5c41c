package stream

import (
	"bytes"
	"fmt"
	"runtime"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// encoder compresses a block into a frame that stands for itself, appended to
// frame. Frames in a row are one file to zstd and to gzip.
type encoder func(frame, block []byte) []byte

// maxEncoders bounds the memory of a machine with many processors: more of
// them are faster than any tool delivers.
const maxEncoders = 8

// newEncoders returns the encoders of a compression, one a goroutine.
func newEncoders(c Compression, level int) ([]encoder, error) {
	if err := CheckLevel(c, level); err != nil {
		return nil, err
	}
	encoders := make([]encoder, min(runtime.GOMAXPROCS(0), maxEncoders))
	switch {
	case c == None:
		return nil, nil
	case c == Gzip:
		return encoders, gzipEncoders(encoders, max(level, gzip.BestSpeed))
	case level == 0:
		return encoders, fastEncoders(encoders)
	default:
		return encoders, zstdEncoders(encoders, level)
	}
}

// zstdEncoders compress as zstd does on a level of its command line.
func zstdEncoders(encoders []encoder, level int) error {
	z, err := newZstd(len(encoders), zstd.EncoderLevelFromZstd(level))
	for i := range encoders {
		encoders[i] = func(frame, block []byte) []byte { return z.EncodeAll(block, frame) }
	}
	return err
}

// fastEncoders compress as fast as they can.
func fastEncoders(encoders []encoder) error {
	z, err := newZstd(len(encoders), zstd.SpeedFastest)
	if err != nil {
		return err
	}
	// It only looks for repetitions, at twice the speed.
	plain, err := newZstd(len(encoders), zstd.SpeedFastest, zstd.WithNoEntropyCompression(true))
	for i := range encoders {
		encoders[i] = func(frame, block []byte) []byte {
			if evenlySpread(block) {
				return plain.EncodeAll(block, frame)
			}
			return z.EncodeAll(block, frame)
		}
	}
	return err
}

// newZstd makes an encoder for that many goroutines at a time.
func newZstd(goroutines int, level zstd.EncoderLevel, options ...zstd.EOption) (*zstd.Encoder, error) {
	z, err := zstd.NewWriter(nil, append(options, zstd.WithEncoderLevel(level), zstd.WithZeroFrames(true),
		zstd.WithWindowSize(blockSize), zstd.WithEncoderConcurrency(goroutines))...)
	if err != nil {
		return nil, fmt.Errorf("make zstd encoder: %w", err)
	}
	return z, nil
}

func gzipEncoders(encoders []encoder, level int) error {
	for i := range encoders {
		z, err := gzip.NewWriterLevel(nil, level)
		if err != nil {
			return fmt.Errorf("make gzip encoder: %w", err)
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
	return nil
}
