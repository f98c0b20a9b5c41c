package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/counts"
	"dbcalm-db-cmd/steps/crashpoint"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/stream"
	"dbcalm-db-cmd/steps/tool"
)

// StaysPlain reports whether a file of a compressed backup is left as it is: the
// metadata by which chains are judged, the marks of renamed and dropped tables,
// and the figures of tables are read in the store.
func StaysPlain(path string) bool {
	if slices.Contains([]string{tool.MarkRenamed, tool.MarkDropped}, filepath.Ext(path)) {
		return true
	}
	return tool.IsMetadata(path) || path == counts.FileName
}

// PackedName returns what a file is called once it is compressed, and reports
// whether it is to be: a name that would be too long for the file system is not
// given, and the file stays as it is.
func PackedName(path, compression string) (string, bool) {
	packed := path + stream.Compression(compression).Suffix()
	return packed, !StaysPlain(path) && len(filepath.Base(packed)) <= disk.MaxName
}

// Unpackable returns, of a folder that holds nothing but what the tool has
// copied, the files that stay as they are because of their names: those called
// as if they were compressed, and those whose compressed form would be called as
// another. It must be asked before the first is compressed.
func Unpackable(folder, compression string) ([]string, error) {
	files, folders, err := ListTree(folder)
	if err != nil {
		return nil, err
	}
	suffix := stream.Compression(compression).Suffix()
	taken := map[string]bool{}
	for _, f := range files {
		taken[f.Path] = true
	}
	for _, f := range folders {
		taken[f] = true
	}
	var names []string
	for _, f := range files {
		if strings.HasSuffix(f.Path, suffix) || strings.HasSuffix(f.Path, suffix+disk.TemporarySuffix) || taken[f.Path+suffix] {
			names = append(names, f.Path)
		}
	}
	return names, nil
}

// PackFile replaces one file by its compressed form, so that a crash
// leaves at least one of them whole. Temporary is the path it writes to first, on
// the same file system and in a folder of its own: no name that a server can
// give is too long for that, or the same.
func PackFile(ctx context.Context, path, temporary string, form Form) (stored, plain stream.Sum, err error) {
	c := stream.Compression(form.Compression)
	to := path + c.Suffix()
	if stored, plain, err = packTo(ctx, temporary, path, c, form.Level); err != nil {
		if errors.Is(err, unix.ENOSPC) {
			err = fmt.Errorf("compress %s: the disk is full: free space or make it larger, then try again: %w", filepath.Base(path), err)
		}
		return stored, plain, err
	}
	crashpoint.Here("compress-written")
	if err := disk.RenameNew(temporary, to); err != nil {
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
// which proves that it can be uncompressed. Unpackable are the files that stay as
// they are because of their names.
func DescribePacked(compression string, unpackable []string) Describer {
	c := stream.Compression(compression)
	return func(ctx context.Context, path string, f *ManifestFile) error {
		if slices.Contains(unpackable, f.Path) {
			return DescribeFile(ctx, path, f)
		}
		plain, packed := strings.CutSuffix(f.Path, c.Suffix())
		if _, wanted := PackedName(f.Path, compression); !packed && wanted {
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
		var data disk.DataCounter
		stored, content, err := stream.UnpackFile(&data, disk.ContextReader(ctx, source), c)
		if err != nil {
			return fmt.Errorf("the compressed file %s cannot be read again: %w", f.Path, err)
		}
		f.Size, f.SHA256 = stored.Size, stored.SHA256
		f.Plain = &ManifestFile{Path: plain, Size: content.Size, SHA256: content.SHA256}
		f.Plain.noteHoles(data.Data)
		return disk.SyncFile(path)
	}
}
