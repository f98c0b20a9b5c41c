package steps

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
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
	form := t.form()
	suffix := stream.Compression(form.Compression).Suffix()
	files, _, err := store.ListTree(t.Data.Work)
	if err != nil {
		return Outcome{}, err
	}
	done := map[string]bool{}
	var rest []string
	var total int64
	for _, f := range files {
		switch {
		case strings.HasSuffix(f.Path, suffix+disk.TemporarySuffix):
			if err := os.Remove(filepath.Join(t.Data.Work, f.Path)); err != nil {
				return Outcome{}, fmt.Errorf("remove an unfinished file: %w", err)
			}
		case strings.HasSuffix(f.Path, suffix):
			done[strings.TrimSuffix(f.Path, suffix)] = true
		case !store.StaysPlain(f.Path):
			rest = append(rest, f.Path)
			total += f.Size
		}
	}
	kept := len(done)
	disk.Expect(ctx, total)
	var before, after atomic.Int64
	err = disk.EachFile(ctx, s.Tool.Parallel, len(rest), func(i int) error {
		path := filepath.Join(t.Data.Work, rest[i])
		if done[rest[i]] {
			// Whoever gave it that name may not have come to make that durable.
			if err := disk.SyncDir(filepath.Dir(path)); err != nil {
				return err
			}
			return store.RemoveOriginal(path)
		}
		crashpoint.Here("compress-file")
		stored, plain, err := store.PackFile(ctx, path, form)
		before.Add(plain.Size)
		after.Add(stored.Size)
		return err
	})
	if err != nil {
		return Outcome{}, err
	}
	reason := fmt.Sprintf("%s of files compressed to %s with %s", disk.HumanBytes(uint64(before.Load())), disk.HumanBytes(uint64(after.Load())), form.Compression)
	if kept > 0 {
		reason += fmt.Sprintf("; %d files were so from before", kept)
	}
	return ok(t, reason), nil
}

// refuseSuffix refuses a copy with a file whose name could not be told from
// that of a compressed one.
func refuseSuffix(folder, compression string) error {
	suffix := stream.Compression(compression).Suffix()
	files, _, err := store.ListTree(folder)
	if err != nil {
		return err
	}
	for _, f := range files {
		if strings.HasSuffix(f.Path, suffix) || strings.HasSuffix(f.Path, suffix+disk.TemporarySuffix) {
			return fmt.Errorf("the data directory holds a file called %s, which could not be told from a compressed one: move it away, or set stream: true or another compression", f.Path)
		}
	}
	return nil
}
