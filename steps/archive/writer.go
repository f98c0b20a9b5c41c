package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"dbcalm-db-cmd/steps/binlog"
	"dbcalm-db-cmd/steps/crashpoint"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/stream"
)

// The open segment: what it begins with, and its bytes.
const (
	openManifest = "open" + manifestSuffix
	openContent  = "open" + contentSuffix
)

// writer writes one segment: its bytes into the open segment, which after a crash
// still has what was synced, and that into the store.
type writer struct {
	archive *Archive
	segment Segment
	file    *os.File
	// begun is when its first bytes came.
	begun time.Time
	// from has what has been added, of which all is in the file up to copied, and on
	// its disk unless it is dirty.
	from   io.ReaderAt
	copied int64
	dirty  bool
}

// begin opens a segment. What it begins with is durable before its first byte is.
func (a *Archive) begin(s Segment) (*writer, error) {
	s.Format, s.Before, s.after = segmentFormat, s.before.String(), s.before
	w := &writer{archive: a, segment: s, copied: s.To}
	text, err := s.text()
	if err != nil {
		return nil, err
	}
	if err := a.remove(openContent); err != nil {
		return nil, err
	}
	if err := disk.WriteDurably(filepath.Join(a.Folder, openManifest), text, 0o600); err != nil {
		return nil, fmt.Errorf("open a segment: %w%s", err, disk.FullAdvice(err))
	}
	if w.file, err = disk.Create(a.Folder, openContent, 0o600); err != nil {
		return nil, fmt.Errorf("open a segment: %w%s", err, disk.FullAdvice(err))
	}
	if err := disk.SyncDir(a.Folder); err != nil {
		return nil, errors.Join(fmt.Errorf("open a segment: %w", err), w.file.Close())
	}
	return w, nil
}

// add adds the bytes up to the end of a part. They are copied by sync, many parts at
// once.
func (w *writer) add(from io.ReaderAt, part binlog.Part, now time.Time) {
	s := &w.segment
	if w.begun.IsZero() {
		w.begun = now
	}
	w.dirty, w.from = true, from
	s.To, s.Closed, s.ReadAt = part.End, part.Closed, now.UTC()
	if part.Group != nil {
		s.note(part.Group)
	}
}

// sync makes durable what has been added.
func (w *writer) sync() error {
	if !w.dirty {
		return nil
	}
	if w.copied < w.segment.To {
		n, err := io.Copy(w.file, io.NewSectionReader(w.from, w.copied, w.segment.To-w.copied))
		if w.copied += n; err == nil && w.copied < w.segment.To {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return fmt.Errorf("write segment %d: %w%s", w.segment.Number, err, disk.FullAdvice(err))
		}
	}
	if err := w.file.Sync(); err != nil {
		return fmt.Errorf("sync segment %d: %w%s", w.segment.Number, err, disk.FullAdvice(err))
	}
	w.dirty = false
	crashpoint.Here("archive-synced")
	return nil
}

// empty reports whether it holds nothing that would be missed.
func (w *writer) empty() bool { return w.segment.To == w.segment.From }

// seal puts the segment into the store and returns its manifest. The open one is
// gone then.
func (w *writer) seal(ctx context.Context, previous *Segment) (*Segment, error) {
	a, s := w.archive, w.segment
	s.Size, s.After = s.To-s.From, s.after.String()
	if previous != nil {
		s.Previous = previous.sum
	}
	if err := w.sync(); err != nil {
		return nil, err
	}
	if err := w.pack(ctx, &s); err != nil {
		return nil, fmt.Errorf("seal segment %d: %w%s", s.Number, err, disk.FullAdvice(err))
	}
	text, err := s.text()
	if err != nil {
		return nil, err
	}
	s.sum = sumOf(text)
	crashpoint.Here("archive-packed")
	if err := a.writeHead(head{Number: s.Number, SHA256: s.sum, Previous: s.Previous}); err != nil {
		return nil, err
	}
	crashpoint.Here("archive-headed")
	if err := disk.WriteDurably(filepath.Join(a.Folder, manifestName(s.Number)), text, 0o600); err != nil {
		return nil, fmt.Errorf("publish segment %d: %w%s", s.Number, err, disk.FullAdvice(err))
	}
	crashpoint.Here("archive-published")
	return &s, w.drop()
}

// drop closes the open segment and removes it.
func (w *writer) drop() error {
	if err := w.file.Close(); err != nil {
		return fmt.Errorf("close segment %d: %w", w.segment.Number, err)
	}
	if err := w.archive.remove(openManifest); err != nil {
		return err
	}
	return w.archive.remove(openContent)
}

// pack compresses the open segment under its name in the store.
func (w *writer) pack(ctx context.Context, s *Segment) (err error) {
	name := contentName(s.Number)
	// What a daemon left that ended before it had published it.
	for _, left := range []string{name, name + disk.TemporarySuffix} {
		if err := w.archive.remove(left); err != nil {
			return err
		}
	}
	target, err := disk.Create(w.archive.Folder, name+disk.TemporarySuffix, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	source, err := disk.OpenRegular(w.archive.Folder, openContent)
	if err != nil {
		return err
	}
	defer source.Close()
	stored, plain, err := stream.PackFile(target, disk.ContextReader(ctx, io.LimitReader(source, s.Size)), compression, 0)
	if err != nil {
		return err
	}
	if plain.Size != s.Size {
		return fmt.Errorf("the open segment has %d bytes of %d", plain.Size, s.Size)
	}
	s.SHA256, s.StoredSize, s.StoredSHA256 = plain.SHA256, stored.Size, stored.SHA256
	if err := target.Sync(); err != nil {
		return err
	}
	path := filepath.Join(w.archive.Folder, name)
	if err := disk.RenameNew(path+disk.TemporarySuffix, path); err != nil {
		return err
	}
	return disk.SyncDir(w.archive.Folder)
}

// recover seals what an earlier daemon has left open, cut to the last whole
// transaction, and returns it; nil if there is nothing to go on with.
func (a *Archive) recover(ctx context.Context, last *Segment) (*Segment, error) {
	var s Segment
	err := disk.ReadJSON(filepath.Join(a.Folder, openManifest), maxManifest, &s)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, a.remove(openContent)
	}
	if err != nil {
		if _, broken := errors.AsType[*json.SyntaxError](err); !broken {
			return nil, fmt.Errorf("read the open segment: %w", err)
		}
	}
	w := &writer{archive: a}
	// #nosec G304 -- in the archive's folder, where nobody else can enter
	w.file, err = os.OpenFile(filepath.Join(a.Folder, openContent), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open what was left of a segment: %w", err)
	}
	if goesOn, err := w.reread(s, last); err != nil || !goesOn {
		return nil, errors.Join(err, w.drop())
	}
	return w.seal(ctx, last)
}

// reread finds out what an open segment holds. It does not go on from the last
// one, and is not wanted, if that was made of it.
func (w *writer) reread(s Segment, last *Segment) (goesOn bool, err error) {
	next := uint64(1)
	if last != nil {
		next = last.Number + 1
	}
	s.Size, s.To = 1, s.From+1 // it says nothing of its end
	if err := s.check(next); err != nil {
		return false, nil
	}
	if last != nil && s.Break == "" && !s.before.Equal(last.after) {
		return false, nil
	}
	s.To, s.after = s.From, s.before
	w.segment = s
	scanner, err := scanSegment(w.file, &s)
	if err != nil {
		return false, err
	}
	info, err := w.file.Stat()
	if err != nil {
		return false, fmt.Errorf("read the open segment: %w", err)
	}
	for {
		part, err := scanner.Next()
		if err != nil {
			// What is torn, or was not synced before a power cut, is read again from the
			// server.
			break
		}
		w.segment.To, w.segment.Closed, w.segment.ReadAt = part.End, part.Closed, info.ModTime().UTC()
		if part.Group != nil {
			w.segment.note(part.Group)
		}
	}
	w.dirty, w.copied = true, w.segment.To
	return !w.empty(), nil
}
