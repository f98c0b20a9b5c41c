package server

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// What is read of InnoDB's pages: each begins with a header of so many bytes,
// which is neither compressed nor encrypted, and which has the page's newest log
// sequence number. The first page has the tablespace's flags.
// https://dev.mysql.com/doc/dev/mysql-server/latest/fil0types_8h.html
const (
	pageHeader  = 38
	pageLSN     = 16
	spaceFlags  = 54
	defaultPage = 16 << 10
	smallestKiB = 10
	largestKiB  = 16
)

// fullCRC32 marks the flags of MariaDB's newer form of pages. In the older one,
// which MySQL has, it is a bit that no size needs.
const fullCRC32 = 1 << 4

// pageSize returns the size in bytes of the pages of a tablespace with these
// flags.
func pageSize(flags uint32) (int, error) {
	// The sizes are powers of two: 1 stands for one KiB, 2 for two, and so on.
	shift := flags >> 6 & 0xf
	if flags&fullCRC32 != 0 {
		shift = flags & 0xf
	} else if compressed := flags >> 1 & 0xf; compressed != 0 {
		shift = compressed
	}
	if shift == 0 {
		return defaultPage, nil
	}
	if shift += 9; shift < smallestKiB || shift > largestKiB {
		return 0, fmt.Errorf("its pages would have %d bytes", 1<<shift)
	}
	return 1 << shift, nil
}

// readAtOnce is how much of a tablespace is read at a time, in bytes.
const readAtOnce = 4 << 20

// HasPageUpTo reports whether a tablespace has a page in use whose log sequence
// number is at most lsn. It reads the file until it finds one. The first page
// does not count: a server may write it before the log knows the file.
func HasPageUpTo(ctx context.Context, path string, lsn uint64) (bool, error) {
	// Whoever may write to the data directory could put a pipe there.
	// #nosec G304 -- what is read of it are numbers of pages
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return false, fmt.Errorf("read tablespace: %w", err)
	}
	defer f.Close()
	buffer := make([]byte, readAtOnce)
	size := 0
	for at := int64(0); ; at += readAtOnce {
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		n, err := f.ReadAt(buffer, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return false, fmt.Errorf("read tablespace: %w", err)
		}
		if size == 0 {
			if n < spaceFlags+4 {
				return false, nil
			}
			if size, err = pageSize(binary.BigEndian.Uint32(buffer[spaceFlags:])); err != nil {
				return false, fmt.Errorf("read tablespace %s: %w", path, err)
			}
		}
		for offset := 0; offset+pageHeader <= n; offset += size {
			header := buffer[offset : offset+pageHeader]
			if at+int64(offset) > 0 && !empty(header) && binary.BigEndian.Uint64(header[pageLSN:]) <= lsn {
				return true, nil
			}
		}
		if n < readAtOnce {
			return false, nil
		}
	}
}

func empty(header []byte) bool {
	for _, b := range header {
		if b != 0 {
			return false
		}
	}
	return true
}
