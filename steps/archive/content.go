package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"dbcalm-db-cmd/steps/binlog"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/stream"
)

// shifted is a file that begins at another place than its first byte.
type shifted struct {
	file io.ReaderAt
	from int64
}

func (s shifted) ReadAt(p []byte, off int64) (int, error) {
	if off < s.from {
		return 0, fmt.Errorf("read at %d of what begins at %d", off, s.from)
	}
	return s.file.ReadAt(p, off-s.from)
}

// scanSegment reads the parts of a segment from a file that holds its bytes.
func scanSegment(file io.ReaderAt, s *Segment) (*binlog.Scanner, error) {
	format, err := s.format()
	if err != nil {
		return nil, err
	}
	return binlog.ScanFrom(shifted{file, s.From}, s.From, format), nil
}

// format is the format description of the segment's file.
func (s *Segment) format() (*binlog.Format, error) {
	scanner := binlog.NewScanner(bytes.NewReader(append([]byte(binlog.Magic), s.Header...)))
	part, err := scanner.Next()
	if err != nil || part.Format == nil {
		return nil, fmt.Errorf("segment %d has no format description: %w", s.Number, errors.Join(err, binlog.ErrBroken))
	}
	return part.Format, nil
}

// agrees reads a segment's transactions and compares them with its manifest.
func (s *Segment) agrees(file io.ReaderAt) error {
	n, after := 0, s.before
	if err := eachGroup(file, s, func(g *binlog.Group) error {
		n++
		after.Add(g.GTID)
		return nil
	}); err != nil {
		return err
	}
	if n != s.Transactions || !after.Equal(s.after) {
		return fmt.Errorf("%w: segment %d has %d transactions up to GTID %s, and its manifest says %d up to %s",
			ErrDamaged, s.Number, n, after.PositionText(), s.Transactions, s.after.PositionText())
	}
	return nil
}

// ErrDamaged: a segment in the store is not what was written.
var ErrDamaged = errors.New("a segment of the archive is damaged")

// unpack writes a segment's bytes into an empty file and compares them with its
// manifest.
func (a *Archive) unpack(ctx context.Context, s *Segment, into *os.File) error {
	f, err := disk.OpenRegular(a.Folder, contentName(s.Number))
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: segment %d is lost: %w", ErrDamaged, s.Number, err)
	}
	if err != nil {
		return fmt.Errorf("read segment %d: %w", s.Number, err)
	}
	defer f.Close()
	if err := into.Truncate(0); err != nil {
		return fmt.Errorf("unpack segment %d: %w", s.Number, err)
	}
	stored, plain, err := stream.UnpackFile(io.NewOffsetWriter(into, 0), disk.ContextReader(ctx, f), compression)
	if _, broken := errors.AsType[*stream.CompressionError](err); broken {
		return fmt.Errorf("%w: segment %d: %w", ErrDamaged, s.Number, err)
	}
	if err != nil {
		return fmt.Errorf("unpack segment %d: %w", s.Number, err)
	}
	if stored.SHA256 != s.StoredSHA256 || plain.SHA256 != s.SHA256 || plain.Size != s.Size {
		return fmt.Errorf("%w: segment %d: its SHA-256 is wrong", ErrDamaged, s.Number)
	}
	return nil
}
