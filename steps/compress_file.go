package steps

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/crashpoint"
	"dbcalm-db-cmd/steps/stream"
)

// compressFile replaces one file by its compressed form, so that a crash
// leaves at least one of them whole.
func compressFile(ctx context.Context, path string, form Form) (stored, plain stream.Sum, err error) {
	c := stream.Compression(form.Compression)
	to := path + c.Suffix()
	if stored, plain, err = packTo(ctx, to+temporarySuffix, path, c, form.Level); err != nil {
		if errors.Is(err, unix.ENOSPC) {
			err = fmt.Errorf("compress %s: the disk is full: free space or make it larger, then try again: %w", filepath.Base(path), err)
		}
		return stored, plain, err
	}
	crashpoint.Here("compress-written")
	if err := renameNew(to+temporarySuffix, to); err != nil {
		return stored, plain, fmt.Errorf("compress file: %w", err)
	}
	// The new name must be there for good before the old file goes.
	if err := syncDir(filepath.Dir(to)); err != nil {
		return stored, plain, err
	}
	crashpoint.Here("compress-renamed")
	return stored, plain, removeOriginal(path)
}

func removeOriginal(path string) error {
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove the compressed file's original: %w", err)
	}
	return nil
}

// packTo compresses a file into a new one and makes that durable.
func packTo(ctx context.Context, to, from string, c stream.Compression, level int) (stored, plain stream.Sum, err error) {
	source, err := os.Open(from)
	if err != nil {
		return stored, plain, fmt.Errorf("compress file: %w", err)
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return stored, plain, fmt.Errorf("compress file: %w", err)
	}
	stored, plain, err = stream.PackFile(target, contextReader(ctx, source), c, level)
	if err == nil {
		err = target.Sync()
	}
	if closeErr := target.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return stored, plain, fmt.Errorf("compress %s: %w", from, err)
	}
	return stored, plain, nil
}

// describePacked describes a file of a compressed folder by what it holds,
// which proves that it can be uncompressed.
func describePacked(compression string) describer {
	c := stream.Compression(compression)
	return func(ctx context.Context, path string, f *ManifestFile) error {
		plain, packed := strings.CutSuffix(f.Path, c.Suffix())
		if !packed && !staysPlain(f.Path) {
			return fmt.Errorf("%s has not been compressed", f.Path)
		}
		if !packed {
			return describeFile(ctx, path, f)
		}
		source, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("read compressed file: %w", err)
		}
		defer source.Close()
		stored, content, err := stream.UnpackFile(io.Discard, contextReader(ctx, source), c)
		if err != nil {
			return fmt.Errorf("the compressed file %s cannot be read again: %w", f.Path, err)
		}
		f.Size, f.SHA256 = stored.Size, stored.SHA256
		f.Plain = &ManifestFile{Path: plain, Size: content.Size, SHA256: content.SHA256}
		return syncFile(path)
	}
}
