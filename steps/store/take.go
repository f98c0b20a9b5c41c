package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
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
// kept. Passing tells that it is removed again soon.
func (l Link) stageFile(ctx context.Context, stored ManifestFile, folder string, passing bool) (kept bool, err error) {
	want := stored.Restored()
	target, err := disk.Create(folder, want.Path, 0o640)
	if errors.Is(err, fs.ErrExist) {
		if want.SHA256 != "" && holds(ctx, folder, want) {
			return true, nil
		}
		if err := disk.Remove(folder, want.Path); err != nil {
			return false, fmt.Errorf("stage file: %w", err)
		}
		target, err = disk.Create(folder, want.Path, 0o640)
	}
	if err != nil {
		return false, stageError(filepath.Join(folder, want.Path), err)
	}
	defer closeStaged(target, &err)
	source, err := disk.OpenRegular(l.Folder, stored.Path)
	if err != nil {
		return false, fmt.Errorf("stage file: %w", err)
	}
	defer source.Close()
	if stored.Plain != nil {
		return false, unpackFile(ctx, source, &disk.HoleFile{File: target, Passing: passing}, stored, l.Manifest.Compression)
	}
	hash, err := copyFile(ctx, source, &disk.EagerFile{File: target, Passing: passing})
	if err != nil {
		return false, err
	}
	if want.SHA256 != "" && hash != want.SHA256 {
		return false, WrongSum(want)
	}
	return false, nil
}

// copyFile makes an independent copy, sharing blocks where the file system
// can, with the holes of what it copies, and returns the SHA-256 of what it holds.
func copyFile(ctx context.Context, source *os.File, target *disk.EagerFile) (hash string, err error) {
	sum := sha256.New()
	if unix.IoctlFileClone(int(target.Fd()), int(source.Fd())) == nil {
		err = disk.Copy(ctx, sum, source)
	} else {
		err = disk.CopyHoles(ctx, target, source, sum)
	}
	if err != nil {
		return "", stageError(target.Name(), err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// unpackFile uncompresses a stored file and checks that it is what was stored
// and becomes what was compressed. Where it had holes nobody knows any more:
// blocks of zeros become some.
func unpackFile(ctx context.Context, source *os.File, into *disk.HoleFile, want ManifestFile, compression string) error {
	stored, plain, err := stream.UnpackFile(into, disk.ContextReader(ctx, source), stream.Compression(compression))
	if err == nil {
		err = into.Finish()
	}
	var damage *stream.CompressionError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &damage):
		return fmt.Errorf("file %s %w: %w", want.Path, ErrDamaged, err)
	case err != nil:
		return stageError(into.Name(), err)
	case stored.SHA256 != want.SHA256 || stored.Size != want.Size:
		return WrongSum(want)
	case plain.SHA256 != want.Plain.SHA256 || plain.Size != want.Plain.Size:
		return fmt.Errorf("file %s %w: uncompressed, its checksum is not the recorded one", want.Path, ErrDamaged)
	}
	return nil
}

// holds reports whether a folder holds a file already, whole.
func holds(ctx context.Context, folder string, want ManifestFile) bool {
	info, err := os.Lstat(filepath.Join(folder, want.Path))
	if err != nil || info.Size() != want.Size {
		return false
	}
	hash, err := disk.HashFile(ctx, folder, want.Path)
	return err == nil && hash == want.SHA256
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

// StageLink brings a folder to hold exactly the files of a link. Passing tells that
// they are removed again soon, as the tool does with an incremental that it applies.
func (s *Store) StageLink(ctx context.Context, l Link, to string, passing bool) (copied, kept int, err error) {
	c, err := l.Content()
	if err != nil {
		return 0, 0, err
	}
	if err := disk.MakeBelow(filepath.Dir(to), filepath.Base(to), 0o750); err != nil {
		return 0, 0, fmt.Errorf("stage backup '%s': %w", l.Record.ID, err)
	}
	if err := removeOthers(to, c); err != nil {
		return 0, 0, err
	}
	for _, folder := range c.folders {
		if err := disk.MakeBelow(to, folder, 0o750); err != nil {
			return 0, 0, fmt.Errorf("stage backup '%s': %w", l.Record.ID, err)
		}
	}
	keep := make([]bool, len(c.Files))
	err = disk.EachFile(ctx, s.Parallel, len(c.Files), func(i int) error {
		crashpoint.Here("stage-file")
		var err error
		keep[i], err = l.stageFile(ctx, c.Files[i], to, passing)
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
		if err := disk.Remove(dir, name); err != nil {
			return fmt.Errorf("clean stage: %w", err)
		}
	}
	return nil
}
