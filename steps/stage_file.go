package steps

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/stream"
)

// stageFile brings one file of a link into a folder as it is restored, and
// checks it on the way as it is stored and as it is restored; an empty hash is
// that of a backup without manifest. A file that is there whole already is
// kept.
func (l Link) stageFile(ctx context.Context, stored ManifestFile, folder string) (kept bool, err error) {
	want := stored.restored()
	from, to := filepath.Join(l.Folder, stored.Path), filepath.Join(folder, want.Path)
	if info, err := os.Lstat(to); err == nil && want.SHA256 != "" && info.Size() == want.Size {
		if hash, err := hashFile(ctx, to); err == nil && hash == want.SHA256 {
			return true, nil
		}
	}
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("stage file: %w", err)
	}
	if stored.Plain != nil {
		return false, unpackFile(ctx, from, to, stored, l.Manifest.Compression)
	}
	hash, err := copyFile(ctx, from, to)
	if err != nil {
		return false, err
	}
	if want.SHA256 != "" && hash != want.SHA256 {
		return false, wrongSum(want)
	}
	return false, nil
}

// copyFile makes an independent copy, sharing blocks where the file system
// can, and returns the SHA-256 of what it holds.
func copyFile(ctx context.Context, from, to string) (hash string, err error) {
	source, err := os.Open(from)
	if err != nil {
		return "", fmt.Errorf("stage file: %w", err)
	}
	defer source.Close()
	target, err := createStaged(to)
	if err != nil {
		return "", err
	}
	defer closeStaged(target, &err)
	sum := sha256.New()
	var into io.Writer = io.MultiWriter(target, sum)
	if unix.IoctlFileClone(int(target.Fd()), int(source.Fd())) == nil {
		into = sum
	}
	if _, err := io.CopyBuffer(into, contextReader(ctx, source), make([]byte, 1<<20)); err != nil {
		return "", stageError(to, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// unpackFile uncompresses a stored file and checks that it is what was stored
// and becomes what was compressed.
func unpackFile(ctx context.Context, from, to string, want ManifestFile, compression string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("stage file: %w", err)
	}
	defer source.Close()
	target, err := createStaged(to)
	if err != nil {
		return err
	}
	defer closeStaged(target, &err)
	stored, plain, err := stream.UnpackFile(target, contextReader(ctx, source), stream.Compression(compression))
	var damage *stream.CompressionError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &damage):
		return fmt.Errorf("file %s %w: %w", want.Path, errDamaged, err)
	case err != nil:
		return stageError(to, err)
	case stored.SHA256 != want.SHA256 || stored.Size != want.Size:
		return wrongSum(want)
	case plain.SHA256 != want.Plain.SHA256 || plain.Size != want.Plain.Size:
		return fmt.Errorf("file %s %w: uncompressed, its checksum is not the recorded one", want.Path, errDamaged)
	}
	return nil
}

func createStaged(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, stageError(path, err)
	}
	return f, nil
}

// closeStaged closes a staged file; that it cannot be is an error, too.
func closeStaged(f *os.File, err *error) {
	if closeErr := f.Close(); *err == nil && closeErr != nil {
		*err = stageError(f.Name(), closeErr)
	}
}

// stageError says what kept a file from being staged.
func stageError(path string, err error) error {
	if errors.Is(err, unix.ENOSPC) {
		return fmt.Errorf("the disk of %s is full: free space, then try again: %w", filepath.Dir(path), err)
	}
	return fmt.Errorf("stage file: %w", err)
}
