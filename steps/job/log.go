package job

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/stream"
)

// RedactResult hides the password in all that a job's programs have printed.
func (y *Yard) RedactResult(r Result) Result {
	redactor := y.Redactor()
	r.Complaints, r.Omissions = slices.Clone(r.Complaints), slices.Clone(r.Omissions)
	for _, lines := range [][]string{r.Complaints, r.Omissions} {
		for i, line := range lines {
			lines[i] = redactor.Replace(line)
		}
	}
	r.Tail, r.ShellTail, r.Fault = redactor.Replace(r.Tail), redactor.Replace(r.ShellTail), redactor.Replace(r.Fault)
	return r
}

// LogPart is one of the outputs of a job.
type LogPart string

// The parts of a job's log.
const (
	// LogOutput is what the program printed.
	LogOutput LogPart = OutputFile
	// LogShell is what the shell command at the other end of the stream printed.
	LogShell LogPart = shellFile
)

// LogParts are all of them, in the order in which they are shown.
var LogParts = [2]LogPart{LogOutput, LogShell}

// The log of a job lies in its folder while it runs, and compressed under
// StateDir when its folder is gone: logs/OPERATION/SEQ.PART.zst.
const (
	logsName   = "logs"
	keptSuffix = ".zst"
)

func (y *Yard) logsDir() string { return filepath.Join(y.StateDir, logsName) }

// keptLog names the file that keeps a part of a job's log.
func (y *Yard) keptLog(folder string, part LogPart) string {
	name := filepath.Base(folder)
	i := strings.LastIndexByte(name, '-')
	return filepath.Join(y.logsDir(), name[:max(i, 0)], name[i+1:]+"."+string(part)+keptSuffix)
}

// KeepLog keeps what a job's programs have printed beyond its folder,
// compressed and without the password. Done again, it does the same again.
func (y *Yard) KeepLog(folder string) error {
	for _, part := range LogParts {
		if err := y.keepPart(folder, part); err != nil {
			return fmt.Errorf("keep the output of a program: %w", err)
		}
	}
	return nil
}

func (y *Yard) keepPart(folder string, part LogPart) (err error) {
	from, err := disk.OpenRegular(folder, string(part))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer from.Close()
	path := y.keptLog(folder, part)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	to, err := disk.CreateAnew(path+disk.TemporarySuffix, 0o600)
	if err != nil {
		return err
	}
	_, _, err = stream.PackFile(to, &redacted{redactor: y.Redactor(), from: bufio.NewReaderSize(from, 1<<16)}, "zstd", 0)
	if closeErr := to.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(to.Name(), path)
	}
	if err != nil {
		_ = os.Remove(to.Name())
	}
	return err
}

// redacted reads text without the password. It reads whole lines, so that the
// password is never cut in two.
type redacted struct {
	redactor *strings.Replacer
	from     *bufio.Reader
	rest     []byte
}

func (r *redacted) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		line, err := r.from.ReadBytes('\n')
		if len(line) == 0 {
			return 0, err
		}
		r.rest = []byte(r.redactor.Replace(string(line)))
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// logChunk is how much of a log is read at a time, in bytes.
const logChunk = 1 << 20

// ReadLog returns what a part of a job's log holds from offset on, at most
// about a mebibyte and whole lines only while the job runs, and the offset to
// go on at. fs.ErrNotExist: there is none, or it is kept no more.
func (y *Yard) ReadLog(folder string, part LogPart, offset int64) (text string, next int64, err error) {
	live, err := disk.OpenRegular(folder, string(part))
	if errors.Is(err, fs.ErrNotExist) {
		return y.readKept(folder, part, offset)
	}
	if err != nil {
		return "", offset, fmt.Errorf("read log: %w", err)
	}
	defer live.Close()
	chunk := make([]byte, logChunk)
	n, err := live.ReadAt(chunk, offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", offset, fmt.Errorf("read log: %w", err)
	}
	chunk = chunk[:n]
	if end := bytes.LastIndexByte(chunk, '\n'); end >= 0 {
		chunk = chunk[:end+1]
	} else if n < logChunk {
		chunk = nil
	}
	return y.Redactor().Replace(string(chunk)), offset + int64(len(chunk)), nil
}

// readKept is ReadLog for what has been kept. Offsets of a log that was being
// read when it was put away stay right enough: only the password's place
// counts otherwise.
func (y *Yard) readKept(folder string, part LogPart, offset int64) (string, int64, error) {
	path := y.keptLog(folder, part)
	kept, err := disk.OpenRegular(filepath.Dir(path), filepath.Base(path))
	if err != nil {
		return "", offset, fmt.Errorf("read log: %w", err)
	}
	defer kept.Close()
	window := &window{from: offset, size: logChunk}
	if _, _, err := stream.UnpackFile(window, kept, "zstd"); err != nil {
		return "", offset, fmt.Errorf("read log %s: %w", kept.Name(), err)
	}
	return window.text.String(), offset + int64(window.text.Len()), nil
}

// window keeps a part of what is written to it.
type window struct {
	from, at int64
	size     int
	text     strings.Builder
}

func (w *window) Write(p []byte) (int, error) {
	begin := min(max(w.from-w.at, 0), int64(len(p)))
	w.at += int64(len(p))
	w.text.Write(p[begin:min(int64(len(p)), begin+int64(w.size-w.text.Len()))])
	return len(p), nil
}

// PruneLogs removes the logs of operations that wrote none since then.
func (y *Yard) PruneLogs(before time.Time) error {
	entries, err := disk.ReadDir(y.logsDir())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("prune logs: %w", err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.IsDir() || !info.ModTime().Before(before) {
			continue
		}
		if err := disk.RemoveAll(filepath.Join(y.logsDir(), e.Name())); err != nil {
			return fmt.Errorf("prune logs: %w", err)
		}
	}
	return nil
}

// RemoveLogs removes the logs of an operation, if there are any.
func (y *Yard) RemoveLogs(operation string) error {
	// What is no name of a folder below names the logs of nobody.
	if operation != filepath.Base(operation) || strings.HasPrefix(operation, ".") {
		return nil
	}
	if err := disk.RemoveAll(filepath.Join(y.logsDir(), operation)); err != nil {
		return fmt.Errorf("remove logs: %w", err)
	}
	return nil
}
