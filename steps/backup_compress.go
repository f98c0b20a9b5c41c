package steps

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"dbcalm-db-cmd/steps/crashpoint"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/stream"
)

// compress puts a compressed file in the place of each of the copy's, several
// at a time. After an interruption it goes on with the files that are left:
// one that has its compressed name is whole, and durable.
func (s backupSteps) compress(ctx context.Context, t Task) (Outcome, error) {
	form, packing := t.form(), store.PackingFolder(t.Data.Work)
	left, err := s.notCompressed(t)
	if err != nil {
		return Outcome{}, err
	}
	kept := len(left.done)
	disk.Expect(ctx, store.SizeOf(left.files))
	plain, stored, err := store.PlacePacks(ctx, t.Data.Work, stream.Compression(form.Compression), left.todo())
	if err != nil {
		return Outcome{}, err
	}
	if plain > 0 {
		if left, err = s.notCompressed(t); err != nil {
			return Outcome{}, err
		}
	}
	if err := disk.RemoveAll(packing); err != nil {
		return Outcome{}, fmt.Errorf("remove unfinished files: %w", err)
	}
	if err := disk.MakeFolder(packing, 0o700); err != nil {
		return Outcome{}, fmt.Errorf("make a folder to compress in: %w", err)
	}
	var before, after atomic.Int64
	before.Store(plain)
	after.Store(stored)
	err = disk.EachFile(ctx, s.Tool.Parallel, len(left.files), func(i int) error {
		path := filepath.Join(t.Data.Work, left.files[i].Path)
		if left.done[left.files[i].Path] {
			// Whoever gave it that name may not have come to make that durable.
			if err := disk.SyncDir(filepath.Dir(path)); err != nil {
				return err
			}
			return store.RemoveOriginal(path)
		}
		crashpoint.Here("compress-file")
		stored, plain, err := store.PackFile(ctx, path, filepath.Join(packing, fmt.Sprint(i)), form)
		before.Add(plain.Size)
		after.Add(stored.Size)
		return err
	})
	if err != nil {
		return Outcome{}, err
	}
	if err := disk.RemoveAll(packing); err != nil {
		return Outcome{}, fmt.Errorf("remove the folder to compress in: %w", err)
	}
	// #nosec G115 -- a size is never negative
	reason := fmt.Sprintf("%s of files compressed to %s with %s",
		disk.HumanBytes(uint64(before.Load())), disk.HumanBytes(uint64(after.Load())), form.Compression)
	if kept > 0 {
		reason += fmt.Sprintf("; %d files were so from before", kept)
	}
	if left.named > 0 {
		reason += fmt.Sprintf("; %d files stay as they are, because of their names", left.named)
	}
	return ok(t, reason), nil
}

// uncompressed is what is left to do for a folder to be compressed.
type uncompressed struct {
	files []store.ManifestFile
	// done are the files that have a compressed form, whether they are still there
	// or not.
	done map[string]bool
	// named is how many files stay as they are because of their names.
	named int
}

// todo are the files that have no compressed form.
func (u uncompressed) todo() []store.ManifestFile {
	return slices.DeleteFunc(slices.Clone(u.files), func(f store.ManifestFile) bool { return u.done[f.Path] })
}

// notCompressed looks at how far the compression of a copy has come.
func (s backupSteps) notCompressed(t Task) (uncompressed, error) {
	compression := t.form().Compression
	suffix := stream.Compression(compression).Suffix()
	left := uncompressed{done: map[string]bool{}, named: len(t.Data.Unpackable)}
	files, _, err := store.ListTree(t.Data.Work)
	if err != nil {
		return left, err
	}
	for _, f := range files {
		of, packed := strings.CutSuffix(f.Path, suffix)
		_, wanted := store.PackedName(f.Path, compression)
		switch {
		case slices.Contains(t.Data.Unpackable, f.Path):
		case strings.HasSuffix(f.Path, suffix+disk.TemporarySuffix):
			// An older program was interrupted, which wrote here.
			if err := disk.Remove(t.Data.Work, f.Path); err != nil {
				return left, fmt.Errorf("remove an unfinished file: %w", err)
			}
		case packed:
			left.done[of] = true
		case wanted:
			left.files = append(left.files, f)
		case !store.StaysPlain(f.Path):
			left.named++
		}
	}
	return left, nil
}
