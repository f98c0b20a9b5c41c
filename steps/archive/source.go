package archive

import (
	"context"
	"io"
)

// Source is a server's binary log, as the collector reads it.
type Source interface {
	// Files lists the log's files that the server still has, in the order in which
	// it made them.
	Files(ctx context.Context) ([]string, error)
	// Open opens one of them to be read; it may grow meanwhile.
	Open(ctx context.Context, name string) (File, error)
}

// File is one file of a binary log.
type File interface {
	io.ReaderAt
	io.Closer
	// Gone reports whether another file, or none, now has the name. What it had is
	// still there to be read.
	Gone() bool
}
