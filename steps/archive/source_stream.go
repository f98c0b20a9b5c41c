package archive

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"dbcalm-db-cmd/steps/server"
)

// Stream is a Source for a log that only its server can read, as that encrypts it:
// the vendor's own program asks the server for it, and writes every file as it would
// be without that, byte for byte, into a folder from which it is read.
type Stream struct {
	server *server.Server
	// folder is what the program writes into; it is made anew for each. It holds first
	// and what comes after that.
	folder  string
	first   string
	program *streaming
	// owner is the user whom the files in it belong to.
	owner int
	// listed are the files that the server last said it has.
	listed []server.LogFile
	// opened is the file that was opened last, and own what the server has of it, in
	// the folder of its log.
	opened, log string
	own         os.FileInfo
}

// streamFolder is where the program writes, in the archive's folder: on the same
// disk, and nobody else can enter.
const streamFolder = "stream"

// NewStream returns a Stream for the server of an archive.
func NewStream(a *Archive, s *server.Server) *Stream {
	return &Stream{server: s, folder: filepath.Join(a.Folder, streamFolder)}
}

// Files asks the server for its files. All that it says is in the newest one has
// been written when it returns, if the program follows that.
func (s *Stream) Files(ctx context.Context) ([]string, error) {
	list, err := s.server.BinaryLogFiles(ctx)
	if err != nil && s.listed != nil {
		s.listed = nil
		return nil, fmt.Errorf("%w: %w", errAway, err)
	}
	if err != nil {
		return s.left(ctx, err)
	}
	s.listed = list
	if len(list) == 0 {
		return nil, nil
	}
	if s.opened != "" && s.begunAnew() {
		if err := s.end(); err != nil {
			return nil, err
		}
	}
	var names []string
	for _, f := range list {
		names = append(names, f.Name)
	}
	if s.program != nil && s.program.follows {
		err = s.await(ctx, list[len(list)-1])
	}
	if errors.Is(err, errStreamEnded) {
		// With the server, say. What it had written is gone, and asked for anew.
		err = nil
	}
	return names, err
}

// errAway: the server, which alone knows of its files, does not answer any more.
var errAway = errors.New("the server does not say what it has of its binary log")

// left lists what was written before the server did not answer any more.
func (s *Stream) left(ctx context.Context, unanswered error) (names []string, err error) {
	if s.program == nil {
		return nil, fmt.Errorf("only the server can read its binary log, which is encrypted: %w", unanswered)
	}
	select {
	case <-s.program.ended:
	case <-time.After(streamPatience):
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	entries, err := os.ReadDir(s.folder)
	if err != nil {
		return nil, fmt.Errorf("read what was left of the binary log: %w", err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, nil
}

// Open opens a file when all that the server says is in it has been written. A
// closed one is asked for alone; from the newest on the program follows.
func (s *Stream) Open(ctx context.Context, name string) (File, error) {
	at := slices.IndexFunc(s.listed, func(f server.LogFile) bool { return f.Name == name })
	if at >= 0 {
		if err := s.fetch(ctx, at); err != nil {
			return nil, err
		}
	}
	file, err := Folder{Path: s.folder, Owner: s.owner}.Open(ctx, filepath.Base(name))
	if err != nil {
		return nil, fmt.Errorf("open what was read of the server's log: %w", err)
	}
	if s.opened != name {
		s.opened = name
		s.own, _ = os.Lstat(filepath.Join(s.log, name))
	}
	return file, nil
}

// fetch has the program write a file of the list.
func (s *Stream) fetch(ctx context.Context, at int) error {
	f, newest := s.listed[at], at == len(s.listed)-1
	if s.program != nil && s.holds(at) {
		s.forget(at)
		return s.await(ctx, f)
	}
	if err := s.end(); err != nil {
		return err
	}
	program, err := startStreaming(s.server, s.folder, f.Name, newest)
	if err != nil {
		return err
	}
	s.first, s.program, s.owner = f.Name, program, program.owner
	return s.await(ctx, f)
}

// holds reports whether the program has written, or will write, a file of the list.
func (s *Stream) holds(at int) bool {
	first := slices.IndexFunc(s.listed, func(f server.LogFile) bool { return f.Name == s.first })
	return first == at || first >= 0 && first < at && s.program.follows
}

// forget removes files before one of the list, which have been read.
func (s *Stream) forget(at int) {
	for _, f := range s.listed[:at] {
		_ = os.Remove(filepath.Join(s.folder, filepath.Base(f.Name)))
	}
}

// begunAnew reports whether the server's log is another than the one of which a
// file was opened. Its files cannot be read, but told from each other.
func (s *Stream) begunAnew() bool {
	newest := s.listed[len(s.listed)-1].Name
	if newest != s.opened && !mayFollow(newest, s.opened) {
		return true
	}
	now, err := os.Lstat(filepath.Join(s.log, s.opened))
	return err == nil && s.own != nil && !os.SameFile(now, s.own)
}

// streamPatience is how long the program may write nothing while something is
// missing.
const streamPatience = 10 * time.Second

// await waits until a file is as large as the server has said.
func (s *Stream) await(ctx context.Context, f server.LogFile) error {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	path := filepath.Join(s.folder, filepath.Base(f.Name))
	moved, before := time.Now(), int64(-1)
	for {
		ended := s.program.hasEnded()
		if info, err := os.Lstat(path); err == nil && info.Size() >= f.Size {
			return nil
		}
		if ended {
			return errors.Join(s.program.failure(), s.end())
		}
		if all := sizeOf(s.folder); all != before {
			moved, before = time.Now(), all
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
		if time.Since(moved) > streamPatience {
			return errors.Join(fmt.Errorf("%s has written nothing of %s for %s", s.program.name, f.Name, streamPatience), s.end())
		}
	}
}

// sizeOf adds up the files of a folder.
func sizeOf(folder string) (sum int64) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return 0
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			sum += info.Size()
		}
	}
	return sum
}

// end ends the program and removes what it has written.
func (s *Stream) end() error {
	if s.program != nil {
		s.program.kill()
		s.program = nil
	}
	s.opened, s.own = "", nil
	if err := os.RemoveAll(s.folder); err != nil {
		return fmt.Errorf("remove what was read of the binary log: %w", err)
	}
	return nil
}

// Close ends what runs. A nil Stream has nothing.
func (s *Stream) Close() {
	if s != nil {
		_ = s.end()
	}
}
