package store

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
	"slices"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/crashpoint"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/stream"
)

// stageFile brings one file of a link into a folder as it is restored, and
// checks it on the way as it is stored and as it is restored; an empty hash is
// that of a backup without manifest. A file that is there whole already is
// kept.
func (l Link) stageFile(ctx context.Context, stored ManifestFile, folder string) (kept bool, err error) {
	want := stored.Restored()
	from, to := filepath.Join(l.Folder, stored.Path), filepath.Join(folder, want.Path)
	if info, err := os.Lstat(to); err == nil && want.SHA256 != "" && info.Size() == want.Size {
		if hash, err := disk.HashFile(ctx, to); err == nil && hash == want.SHA256 {
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
		return false, WrongSum(want)
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
	if _, err := io.CopyBuffer(into, disk.ContextReader(ctx, source), make([]byte, 1<<20)); err != nil {
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
	stored, plain, err := stream.UnpackFile(target, disk.ContextReader(ctx, source), stream.Compression(compression))
	var damage *stream.CompressionError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &damage):
		return fmt.Errorf("file %s %w: %w", want.Path, ErrDamaged, err)
	case err != nil:
		return stageError(to, err)
	case stored.SHA256 != want.SHA256 || stored.Size != want.Size:
		return WrongSum(want)
	case plain.SHA256 != want.Plain.SHA256 || plain.Size != want.Plain.Size:
		return fmt.Errorf("file %s %w: uncompressed, its checksum is not the recorded one", want.Path, ErrDamaged)
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

// stageLink brings a folder to hold exactly the files of a link.
func (s *Store) StageLink(ctx context.Context, l Link, to string) (copied, kept int, err error) {
	c, err := l.Content()
	if err != nil {
		return 0, 0, err
	}
	if err := os.MkdirAll(to, 0o750); err != nil {
		return 0, 0, fmt.Errorf("stage backup '%s': %w", l.Record.ID, err)
	}
	if err := removeOthers(to, c); err != nil {
		return 0, 0, err
	}
	for _, folder := range c.folders {
		if err := os.MkdirAll(filepath.Join(to, folder), 0o750); err != nil {
			return 0, 0, fmt.Errorf("stage backup '%s': %w", l.Record.ID, err)
		}
	}
	keep := make([]bool, len(c.Files))
	err = disk.EachFile(ctx, s.Parallel, len(c.Files), func(i int) error {
		crashpoint.Here("stage-file")
		var err error
		keep[i], err = l.stageFile(ctx, c.Files[i], to)
		return s.Blame(l.Record.ID, err)
	})
	for _, k := range keep {
		if k {
			kept++
		}
	}
	return len(c.Files) - kept, kept, err
}

// removeOthers removes the files and folders of a stage that are not the
// link's: an interrupted prepare has left some.
func removeOthers(dir string, c content) error {
	there, foldersThere, err := ListTree(dir)
	if err != nil {
		return err
	}
	wanted := map[string]bool{}
	for _, f := range c.Files {
		wanted[f.Restored().Path] = true
	}
	for _, folder := range c.folders {
		wanted[folder] = true
	}
	var others []string
	for _, f := range there {
		others = append(others, f.Path)
	}
	// Folders come after all files, and each after those in it.
	slices.Reverse(foldersThere)
	for _, name := range append(others, foldersThere...) {
		if wanted[name] {
			continue
		}
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("clean stage: %w", err)
		}
	}
	return nil
}
