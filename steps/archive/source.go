package archive

import (
	"context"
	"errors"
	"io"

	"dbcalm-db-cmd/steps/binlog"
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

// mixed is a Source for a log of which the server may have encrypted what it wrote
// before, and writes in clear now: each file is read where it lies if it can be, else
// as the server sends it.
type mixed struct {
	Folder
	stream *Stream
}

// Open opens a file of the list.
func (m mixed) Open(ctx context.Context, name string) (File, error) {
	file, err := m.Folder.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	if _, err := readOpening(file); !errors.Is(err, binlog.ErrEncrypted) {
		if err := m.stream.end(); err != nil {
			return nil, errors.Join(err, file.Close())
		}
		return file, nil
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	if _, err := m.stream.Files(ctx); err != nil {
		return nil, err
	}
	return m.stream.Open(ctx, name)
}
