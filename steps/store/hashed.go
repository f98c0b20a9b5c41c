package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"dbcalm-db-cmd/steps/crashpoint"
	"dbcalm-db-cmd/steps/digest"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/stream"
)

// digests are those of a folder's files, as far as they are known.
type digests struct{ digest.List }

// readDigests returns what was found while the tool filled this folder. A list
// that is lost costs time, and nothing else.
func readDigests(work string) digests {
	list, _ := digest.ReadList(DigestsFile(work))
	return digests{list}
}

// of returns the digest of a file as it is now, if there is one.
func (d digests) of(path string, f *ManifestFile) (digest.Digest, bool) {
	info, err := os.Lstat(path)
	if err != nil {
		return digest.Digest{}, false
	}
	found, same := d.Of(f.Path, info)
	return found, same && found.Size == f.Size
}

// DescribeHashed describes the files that were hashed while the tool filled this
// folder by what was found then, as long as they have not changed since: their
// job's result says that they are on the disk. All others it hashes.
func DescribeHashed(work string) Describer {
	list := readDigests(work)
	return func(ctx context.Context, path string, f *ManifestFile) error {
		d, same := list.of(path, f)
		if !same || d.Plain != nil {
			return DescribeFile(ctx, path, f)
		}
		f.SHA256 = d.SHA256
		f.noteHoles(d.Data)
		disk.Advance(ctx, int(f.Size))
		return nil
	}
}

// PlacePacks puts the files that were compressed while the tool filled this folder
// into the places of their originals, if these have not changed since, and returns
// the sizes of both. A crash leaves at least one of the two, and both on the disk.
func PlacePacks(ctx context.Context, work string, c stream.Compression, files []ManifestFile) (plain, stored int64, err error) {
	list := readDigests(work)
	var placed []string
	for _, f := range files {
		crashpoint.Here("compress-file")
		path := filepath.Join(work, f.Path)
		d, same := list.of(path, &f)
		if !same || d.Pack == nil {
			continue
		}
		version, err := placePack(filepath.Join(PackingFolder(work), d.Pack.Name), path+c.Suffix(), d.Pack.Version)
		if errors.Is(err, errAnotherPack) {
			continue
		}
		if err != nil {
			return plain, stored, fmt.Errorf("compress file: %w", err)
		}
		list.List[f.Path+c.Suffix()] = digest.Digest{Version: version, SHA256: d.Pack.SHA256, Data: d.Data,
			Plain: &stream.Sum{Size: d.Size, SHA256: d.SHA256}}
		placed = append(placed, path)
		plain, stored = plain+d.Size, stored+d.Pack.Size
		disk.Advance(ctx, int(d.Size))
	}
	if len(placed) == 0 {
		return 0, 0, nil
	}
	if err := syncFolders(placed); err != nil {
		return plain, stored, err
	}
	crashpoint.Here("compress-renamed")
	for _, path := range placed {
		if err := RemoveOriginal(path); err != nil {
			return plain, stored, err
		}
	}
	return plain, stored, list.Write(DigestsFile(work))
}

// errAnotherPack is the error of a compressed file that is not the one there was.
var errAnotherPack = errors.New("it has changed")

// placePack gives a compressed file its name, if it is still the one that was
// proved, and returns its version under that name.
func placePack(from, to string, version disk.Version) (disk.Version, error) {
	info, err := os.Lstat(from)
	if errors.Is(err, fs.ErrNotExist) {
		return version, errAnotherPack
	}
	if err != nil {
		return version, err
	}
	if now, _ := disk.VersionOf(info); now != version {
		return version, errAnotherPack
	}
	crashpoint.Here("compress-written")
	if err := disk.RenameNew(from, to); err != nil {
		return version, err
	}
	if info, err = os.Lstat(to); err != nil {
		return version, err
	}
	now, _ := disk.VersionOf(info)
	if !now.SameContent(version) {
		return version, fmt.Errorf("%s has been changed by somebody else", to)
	}
	return now, nil
}

// syncFolders makes the names durable in the folders of these paths.
func syncFolders(paths []string) error {
	synced := map[string]bool{}
	for _, path := range paths {
		folder := filepath.Dir(path)
		if synced[folder] {
			continue
		}
		if err := disk.SyncDir(folder); err != nil {
			return err
		}
		synced[folder] = true
	}
	return nil
}
