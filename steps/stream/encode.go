package stream

import (
	"bytes"
	"fmt"
	"runtime"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// encoder compresses a block into a frame that stands for itself, appended to
// frame. Frames in a row are one file to zstd and to gzip. It serves one
// goroutine at a time.
type encoder func(frame, block []byte) []byte

// maxEncoders bounds the memory of a machine with many processors: more of
// them are faster than any tool delivers.
const maxEncoders = 8

// encoderKind is what an encoder does.
type encoderKind struct {
	Compression
	level int
}

// idleEncoders keeps, for each encoderKind, a *sync.Pool of encoders that are
// not in use: they are large, and the files of a folder many.
var idleEncoders sync.Map

// takeEncoders returns the encoders of a compression, one a processor, or none
// where nothing is compressed.
func takeEncoders(c Compression, level int) ([]encoder, error) {
	if err := CheckLevel(c, level); err != nil || c == None {
		return nil, err
	}
	kind := encoderKind{c, level}
	idle, _ := idleEncoders.LoadOrStore(kind, &sync.Pool{})
	encoders := make([]encoder, min(runtime.GOMAXPROCS(0), maxEncoders))
	for i := range encoders {
		if e, found := idle.(*sync.Pool).Get().(encoder); found {
			encoders[i] = e
			continue
		}
		e, err := kind.newEncoder()
		if err != nil {
			return nil, fmt.Errorf("make %s encoder: %w", c, err)
		}
		encoders[i] = e
	}
	return encoders, nil
}

// giveEncoders takes encoders back.
func giveEncoders(c Compression, level int, encoders []encoder) {
	idle, _ := idleEncoders.LoadOrStore(encoderKind{c, level}, &sync.Pool{})
	for _, e := range encoders {
		idle.(*sync.Pool).Put(e)
	}
}

func (k encoderKind) newEncoder() (encoder, error) {
	switch {
	case k.Compression == Gzip:
		return newGzip(max(k.level, gzip.BestSpeed))
	case k.level == 0:
		return newFast()
	default:
		return newZstd(zstd.EncoderLevelFromZstd(k.level))
	}
}

func newGzip(level int) (encoder, error) {
	z, err := gzip.NewWriterLevel(nil, level)
	return func(frame, block []byte) []byte {
		out := bytes.NewBuffer(frame)
		z.Reset(out)
		// A buffer takes everything.
		_, _ = z.Write(block)
		_ = z.Close()
		return out.Bytes()
	}, err
}

func newZstd(level zstd.EncoderLevel, options ...zstd.EOption) (encoder, error) {
	z, err := zstd.NewWriter(nil, append(options, zstd.WithEncoderLevel(level), zstd.WithZeroFrames(true),
		zstd.WithWindowSize(blockSize), zstd.WithEncoderConcurrency(1))...)
	return func(frame, block []byte) []byte { return z.EncodeAll(block, frame) }, err
}

// newFast makes the encoder that costs a backup the least time.
func newFast() (encoder, error) {
	thorough, err := newZstd(zstd.SpeedFastest)
	if err != nil {
		return nil, err
	}
	// It only looks for repetitions, at twice the speed.
	hasty, err := newZstd(zstd.SpeedFastest, zstd.WithNoEntropyCompression(true))
	return func(frame, block []byte) []byte {
		if evenlySpread(block) {
			return hasty(frame, block)
		}
		return thorough(frame, block)
	}, err
}
