package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/inventory"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/stream"
	"dbcalm-db-cmd/steps/tool"
)

// ManifestName is the file that makes a backup's folder describe itself. It is
// written last: a folder without it is not known to be whole.
const ManifestName = "dbcalm.json"

// The versions of the manifest's format. A program that knows only the first
// must not take a stream or a compressed file for a table.
const (
	PlainFormat = 1
	// PackedFormat is that of streams and of compressed files.
	PackedFormat   = 2
	ManifestFormat = PackedFormat
)

// Manifest describes one backup.
type Manifest struct {
	Format int    `json:"format"`
	ID     string `json:"id"`
	// ParentID is the backup this one stands on, empty for a full one.
	ParentID string `json:"parent_id,omitempty"`
	// ParentOperation is the operation that made the parent. An id may come to
	// name another backup; this reports whether it still names that one. Empty
	// where the parent has no manifest, and in manifests older than this field.
	ParentOperation string `json:"parent_operation,omitempty"`
	// Kind is full or incremental.
	Kind      string      `json:"kind"`
	Operation string      `json:"operation"`
	Tool      tool.Info   `json:"tool"`
	Server    server.Info `json:"server"`
	FromLSN   uint64      `json:"from_lsn"`
	ToLSN     uint64      `json:"to_lsn"`
	LastLSN   uint64      `json:"last_lsn"`
	// Binlog is where the server's binary log was at the moment the backup is of;
	// nil where it had none, and in manifests older than this field.
	Binlog *server.Position `json:"binlog,omitempty"`
	// Options is the tool's command line, which holds no secret.
	Options   string    `json:"options"`
	StartTime time.Time `json:"start_time"`
	EndTime   time.Time `json:"end_time"`
	// ScheduleID is as asked for.
	ScheduleID *int64 `json:"schedule_id,omitempty"`
	// Size is the sum of the files' sizes in bytes.
	Size int64 `json:"size"`
	// PlainSize is the sum of the sizes in bytes of what is restored, where that
	// differs.
	PlainSize int64 `json:"plain_size,omitempty"`
	// Allocated is how many bytes of what is restored are no holes, where there
	// are holes. Of a stream it is what the server's files had.
	Allocated int64 `json:"allocated,omitempty"`
	// Compression is gzip or zstd when the files are compressed one by one.
	Compression string `json:"compression,omitempty"`
	// Stream is set for a backup that is one stream. Files then has the files
	// beside it, and it too unless it was forwarded.
	Stream *ManifestStream `json:"stream,omitempty"`
	// Tablespaces are those of the server that were there when the copy had ended,
	// by which the next incremental finds what was put there since. Manifests older
	// than this field have none.
	Tablespaces []inventory.Tablespace `json:"tablespaces,omitempty"`
	// Broken is what the server itself could not use then: it is not the backup's
	// fault.
	Broken  []inventory.Broken `json:"broken,omitempty"`
	Folders []string           `json:"folders"`
	Files   []ManifestFile     `json:"files"`
	// SHA256 is that of the file the manifest was read from.
	SHA256 string `json:"-"`
}

// ManifestFile is one file of a backup; Path is relative to its folder.
type ManifestFile struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	// Data is how many bytes of it are no holes, where it has holes.
	Data *int64 `json:"data,omitempty"`
	// Plain is the file as it is restored, when it is stored compressed.
	Plain *ManifestFile `json:"plain,omitempty"`
}

// ManifestStream is the stream of a backup.
type ManifestStream struct {
	// File is its name, in the backup's folder or wherever it was forwarded to.
	File      string `json:"file"`
	Forwarded bool   `json:"forwarded,omitempty"`
	// Compression is "", gzip or zstd.
	Compression string `json:"compression,omitempty"`
	stream.Stored
}

// ReadManifest reads the manifest of a backup's folder; fs.ErrNotExist if it
// has none.
func ReadManifest(folder string) (*Manifest, error) {
	text, err := disk.ReadSmall(folder, ManifestName, MaxManifest)
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("read manifest of %s: %w", folder, err)
	}
	if m.Format > ManifestFormat {
		return nil, fmt.Errorf("read manifest of %s: its format %d is newer than this program's %d", folder, m.Format, ManifestFormat)
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("read manifest of %s: %w", folder, err)
	}
	m.SHA256 = ManifestSum(text)
	return &m, nil
}

// Describer completes what is known of a file, and makes the file durable.
type Describer func(ctx context.Context, path string, f *ManifestFile) error

// DescribeFile hashes a file, and looks for its holes.
func DescribeFile(ctx context.Context, path string, f *ManifestFile) (err error) {
	data, err := disk.DataIn(filepath.Dir(path), filepath.Base(path))
	if err != nil {
		return err
	}
	f.noteHoles(data)
	if f.SHA256, err = disk.HashFile(ctx, filepath.Dir(path), filepath.Base(path)); err != nil {
		return err
	}
	return disk.SyncFile(path)
}

// SealTree makes everything below folder durable and its own, and lists it,
// with several files under way at a time.
func SealTree(ctx context.Context, folder string, parallel int, describe Describer) (files []ManifestFile, folders []string, err error) {
	if err := separateTree(ctx, folder); err != nil {
		return nil, nil, err
	}
	files, folders, err = ListTree(folder)
	if err != nil {
		return nil, nil, err
	}
	disk.Expect(ctx, SizeOf(files))
	err = disk.EachFile(ctx, parallel, len(files), func(i int) error {
		return describe(ctx, filepath.Join(folder, files[i].Path), &files[i])
	})
	if err != nil {
		return nil, nil, err
	}
	for _, sub := range append([]string{"."}, folders...) {
		if err := disk.SyncDir(filepath.Join(folder, sub)); err != nil {
			return nil, nil, err
		}
	}
	return files, folders, nil
}

// separateSuffix is the end of the path beside a folder at which a file of it is
// copied, before that takes the file's place.
const separateSuffix = ".separate"

// separateTree gives the backup files of its own where the tool has linked to
// the server's: mariabackup does so with those of RocksDB, which never change.
func separateTree(ctx context.Context, folder string) error {
	var linked []string
	_, _, err := listTree(folder, func(name string, info fs.FileInfo) {
		if disk.Names(info) > 1 {
			linked = append(linked, name)
		}
	})
	if err != nil {
		return err
	}
	for _, name := range linked {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := disk.Separate(folder, name, folder+separateSuffix); err != nil {
			return err
		}
	}
	return nil
}

// ListTree lists the files, with sizes, and the folders below folder, without
// the manifest. Anything else than files and folders is refused.
func ListTree(folder string) (files []ManifestFile, folders []string, err error) {
	return listTree(folder, func(string, fs.FileInfo) {})
}

// listTree is ListTree that shows each file to look.
func listTree(folder string, look func(name string, info fs.FileInfo)) (files []ManifestFile, folders []string, err error) {
	root, err := disk.OpenFolder(folder)
	if err != nil {
		return nil, nil, fmt.Errorf("list %s: %w", folder, err)
	}
	defer root.Close()
	err = fs.WalkDir(root.FS(), ".", func(relative string, entry fs.DirEntry, err error) error {
		if err != nil || relative == "." || relative == ManifestName {
			return err
		}
		if entry.IsDir() {
			folders = append(folders, relative)
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%w: %s is neither a file nor a folder", disk.ErrRefused, filepath.Join(folder, relative))
		}
		look(relative, info)
		files = append(files, ManifestFile{Path: relative, Size: info.Size()})
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("list %s: %w", folder, err)
	}
	return files, folders, nil
}

// noteHoles notes how many bytes of a file are no holes.
func (f *ManifestFile) noteHoles(data int64) {
	if data < f.Size {
		f.Data = &data
	}
}

// NoteAllocated sums up what is restored without its holes.
func (m *Manifest) NoteAllocated(files []ManifestFile) {
	var apparent, allocated int64
	for _, f := range files {
		apparent, allocated = apparent+f.Restored().Size, allocated+f.Restored().allocated()
	}
	if allocated < apparent {
		m.Allocated = allocated
	}
}

// allocated is how many bytes of the disk the file takes.
func (f ManifestFile) allocated() int64 {
	if f.Data != nil {
		return *f.Data
	}
	return f.Size
}

func SizeOf(files []ManifestFile) int64 {
	var size int64
	for _, f := range files {
		size += f.Size
	}
	return size
}

// checkFiles compares a backup's files with its manifest by presence and size.
func (m *Manifest) checkFiles(folder string) error {
	root, err := disk.OpenFolder(folder)
	if err != nil {
		return fmt.Errorf("check backup '%s': %w", m.ID, err)
	}
	defer root.Close()
	for _, f := range m.Files {
		info, err := root.Lstat(f.Path)
		if errors.Is(err, fs.ErrNotExist) {
			return m.damaged(persistence.LevelFiles, fmt.Errorf("file %s is missing", f.Path))
		}
		if err != nil {
			return fmt.Errorf("check backup '%s': %w", m.ID, err)
		}
		if !info.Mode().IsRegular() {
			return m.damaged(persistence.LevelFiles, fmt.Errorf("%s is no regular file", f.Path))
		}
		if n := disk.Names(info); n > 1 {
			return fmt.Errorf("check backup '%s': %w: file %s has %d names (hard links), and who holds another may change it: replace it by a copy",
				m.ID, disk.ErrRefused, f.Path, n)
		}
		if info.Size() != f.Size {
			return m.damaged(persistence.LevelFiles, fmt.Errorf("file %s has %d bytes instead of %d", f.Path, info.Size(), f.Size))
		}
	}
	return nil
}
