package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/crashpoint"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/stream"
	"dbcalm-db-cmd/steps/tool"
)

// StaysPlain reports whether a file of a compressed backup is left as it is: the
// metadata by which chains are judged, and the marks of renamed and dropped
// tables, are read in the store. xtrabackup_logfile is XtraBackup's redo log.
func StaysPlain(path string) bool {
	if slices.Contains([]string{tool.MarkRenamed, tool.MarkDropped}, filepath.Ext(path)) {
		return true
	}
	return slices.Contains(tool.OptionsNames, path) || strings.HasPrefix(path, "mariadb_backup_") ||
		strings.HasPrefix(path, "xtrabackup_") && path != "xtrabackup_logfile"
}

// PackFile replaces one file by its compressed form, so that a crash
// leaves at least one of them whole.
func PackFile(ctx context.Context, path string, form Form) (stored, plain stream.Sum, err error) {
	c := stream.Compression(form.Compression)
	to := path + c.Suffix()
	if stored, plain, err = packTo(ctx, to+disk.TemporarySuffix, path, c, form.Level); err != nil {
		if errors.Is(err, unix.ENOSPC) {
			err = fmt.Errorf("compress %s: the disk is full: free space or make it larger, then try again: %w", filepath.Base(path), err)
		}
		return stored, plain, err
	}
	crashpoint.Here("compress-written")
	if err := disk.RenameNew(to+disk.TemporarySuffix, to); err != nil {
		return stored, plain, fmt.Errorf("compress file: %w", err)
	}
	// The new name must be there for good before the old file goes.
	if err := disk.SyncDir(filepath.Dir(to)); err != nil {
		return stored, plain, err
	}
	crashpoint.Here("compress-renamed")
	return stored, plain, RemoveOriginal(path)
}

func RemoveOriginal(path string) error {
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove the compressed file's original: %w", err)
	}
	return nil
}

// packTo compresses a file into a new one and makes that durable.
func packTo(ctx context.Context, to, from string, c stream.Compression, level int) (stored, plain stream.Sum, err error) {
	source, err := disk.OpenRegular(filepath.Dir(from), filepath.Base(from))
	if err != nil {
		return stored, plain, fmt.Errorf("compress file: %w", err)
	}
	defer source.Close()
	target, err := disk.Create(filepath.Dir(to), filepath.Base(to), 0o640)
	if err != nil {
		return stored, plain, fmt.Errorf("compress file: %w", err)
	}
	stored, plain, err = stream.PackFile(target, disk.ContextReader(ctx, source), c, level)
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

// DescribePacked describes a file of a compressed folder by what it holds,
// which proves that it can be uncompressed.
func DescribePacked(compression string) Describer {
	c := stream.Compression(compression)
	return func(ctx context.Context, path string, f *ManifestFile) error {
		plain, packed := strings.CutSuffix(f.Path, c.Suffix())
		if !packed && !StaysPlain(f.Path) {
			return fmt.Errorf("%s has not been compressed", f.Path)
		}
		if !packed {
			return DescribeFile(ctx, path, f)
		}
		source, err := disk.OpenRegular(filepath.Dir(path), filepath.Base(path))
		if err != nil {
			return fmt.Errorf("read compressed file: %w", err)
		}
		defer source.Close()
		stored, content, err := stream.UnpackFile(io.Discard, disk.ContextReader(ctx, source), c)
		if err != nil {
			return fmt.Errorf("the compressed file %s cannot be read again: %w", f.Path, err)
		}
		f.Size, f.SHA256 = stored.Size, stored.SHA256
		f.Plain = &ManifestFile{Path: plain, Size: content.Size, SHA256: content.SHA256}
		return disk.SyncFile(path)
	}
}
