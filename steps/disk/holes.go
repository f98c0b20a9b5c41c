package disk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// blockSize is how large a run of zeros must be to become a hole, in bytes; most
// file systems keep none that is smaller.
const blockSize = 4096

// CopyHoles copies a file of a known size into a new one, with holes where it has
// holes, and shows what it copies to look, holes as zeros.
func CopyHoles(ctx context.Context, target *EagerFile, source *os.File, look io.Writer) error {
	size, err := source.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	part := func(to io.Writer, from, end int64) error {
		if from == end {
			return nil
		}
		return Copy(ctx, to, io.NewSectionReader(source, from, end-from))
	}
	var last int64
	err = eachPart(source, size, func(from, end int64) error {
		if err := part(look, last, from); err != nil {
			return err
		}
		if err := target.MoveTo(from); err != nil {
			return err
		}
		last = end
		return part(io.MultiWriter(target, look), from, end)
	})
	if err == nil {
		err = part(look, last, size)
	}
	if err == nil {
		err = target.Truncate(size)
	}
	return err
}

// eachPart calls do for each part of a file that is no hole, in order.
func eachPart(f *os.File, size int64, do func(from, end int64) error) error {
	for at := int64(0); at < size; {
		from, err := unix.Seek(int(f.Fd()), at, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			return nil // the rest is a hole
		}
		end := size
		if err == nil {
			end, err = unix.Seek(int(f.Fd()), from, unix.SEEK_HOLE)
		}
		if errors.Is(err, unix.EINVAL) {
			// A file system that knows no holes.
			from, end, err = at, size, nil
		}
		if err != nil {
			return &os.PathError{Op: "seek", Path: f.Name(), Err: err}
		}
		if end = min(end, size); from < end {
			if err := do(from, end); err != nil {
				return err
			}
		}
		at = end
	}
	return nil
}

// DataIn returns the bytes of a regular file below a folder that are no holes.
func DataIn(folder, name string) (int64, error) {
	f, err := OpenRegular(folder, name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return DataOf(f)
}

// DataOf is DataIn for an open file.
func DataOf(f *os.File) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	// #nosec G115 -- no file, disk or log has 2^63 bytes
	if int64(Allocated(info)) >= info.Size() {
		return info.Size(), nil
	}
	var data int64
	err = eachPart(f, info.Size(), func(from, end int64) error {
		data += end - from
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("look for holes: %w", err)
	}
	return data, nil
}

// HoleFile is a new file that is written from its beginning to its end. Blocks of
// zeros become holes. Finish must be called after the last byte.
type HoleFile struct {
	*os.File
	// Passing is as in EagerFile.
	Passing   bool
	at, begun int64
}

func (f *HoleFile) Write(p []byte) (int, error) {
	begin := f.at
	err := eachRun(begin, p, func(run []byte, zero bool) error {
		if !zero {
			if _, err := f.WriteAt(run, f.at); err != nil {
				return err
			}
		}
		f.at += int64(len(run))
		return nil
	})
	if !f.Passing {
		f.begun = beginWriting(f.File, f.begun, f.at)
	}
	return int(f.at - begin), err
}

// Finish gives the file its size, whatever it ends with.
func (f *HoleFile) Finish() error { return f.Truncate(f.at) }

// DataCounter counts how many bytes of what is written to it a HoleFile would not
// leave out, in whole blocks.
type DataCounter struct {
	Data    int64
	at, end int64
}

func (c *DataCounter) Write(p []byte) (int, error) {
	_ = eachRun(c.at, p, func(run []byte, zero bool) error {
		from := c.at
		c.at += int64(len(run))
		if !zero {
			from = max(from-from%blockSize, c.end)
			c.end = c.at + (blockSize-c.at%blockSize)%blockSize
			c.Data += c.end - from
		}
		return nil
	})
	return len(p), nil
}

var zeros [blockSize]byte

// eachRun cuts what stands at an offset into runs of whole blocks that are all
// zeros, or not.
func eachRun(at int64, p []byte, do func(run []byte, zero bool) error) error {
	for len(p) > 0 {
		n, zero := 0, false
		for n < len(p) {
			piece := p[n:min(len(p), n+int(blockSize-(at+int64(n))%blockSize))]
			isZero := bytes.Equal(piece, zeros[:len(piece)])
			if n > 0 && isZero != zero {
				break
			}
			n, zero = n+len(piece), isZero
		}
		if err := do(p[:n], zero); err != nil {
			return err
		}
		at, p = at+int64(n), p[n:]
	}
	return nil
}
