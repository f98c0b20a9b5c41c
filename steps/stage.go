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
	"slices"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/crashpoint"
)

// stage copies the chain out of the store, because the tools eat what they
// apply, and checks every byte against the manifests on the way. After an
// interruption it keeps the files that are whole, whatever happened to the
// others.
func (h *Host) stage(ctx context.Context, t Task) (Outcome, error) {
	links, err := h.chain(ctx, t.Args.IDList)
	if err != nil {
		return Outcome{}, instead(err, links, t.Args.Target)
	}
	p := *t.Data.Placement
	if err := h.makeStage(t, &p); err != nil {
		return Outcome{}, err
	}
	var copied, kept int
	for i, l := range links {
		c, k, err := h.stageLink(ctx, l, p.link(i))
		if errors.Is(err, errDamaged) {
			return Outcome{}, instead(err, links[:i], t.Args.Target)
		}
		if err != nil {
			return Outcome{}, err
		}
		copied, kept = copied+c, kept+k
	}
	// What follows begins with these files, after a power cut too.
	if err := syncFileSystem(p.Stage); err != nil {
		return Outcome{}, err
	}
	t.Data.Placement, t.Data.Applied = &p, 0
	reason := fmt.Sprintf("%d files staged in %s, checksums right", copied+kept, p.Stage)
	if kept > 0 {
		reason += fmt.Sprintf("; %d of them were there from before", kept)
	}
	return ok(t, reason), nil
}

// makeStage makes the stage's folder. Where folders cannot change places, it
// turns to the other way before anything is copied.
func (h *Host) makeStage(t Task, p *Placement) error {
	err := os.MkdirAll(p.Stage, 0o700)
	if err == nil && p.Mode == PlaceSwap {
		err = tryExchange(p.Stage)
		if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
			if err := os.RemoveAll(p.Stage); err != nil {
				return fmt.Errorf("make stage: %w", err)
			}
			p.useEntries(t.Operation)
			err = os.MkdirAll(p.Stage, 0o700)
		}
	}
	if err != nil {
		return fmt.Errorf("make stage: %w", err)
	}
	return nil
}

// tryExchange tells whether the file system can exchange two folders.
func tryExchange(dir string) error {
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	for _, folder := range []string{a, b} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return err
		}
	}
	err := exchange(a, b)
	for _, folder := range []string{a, b} {
		if removeErr := os.Remove(folder); err == nil {
			err = removeErr
		}
	}
	return err
}

// stageLink brings a folder to hold exactly the files of a link.
func (h *Host) stageLink(ctx context.Context, l Link, to string) (copied, kept int, err error) {
	files, folders, err := l.content()
	if err != nil {
		return 0, 0, err
	}
	if err := os.MkdirAll(to, 0o750); err != nil {
		return 0, 0, fmt.Errorf("stage backup '%s': %w", l.Record.ID, err)
	}
	if err := removeOthers(to, files, folders); err != nil {
		return 0, 0, err
	}
	for _, folder := range folders {
		if err := os.MkdirAll(filepath.Join(to, folder), 0o750); err != nil {
			return 0, 0, fmt.Errorf("stage backup '%s': %w", l.Record.ID, err)
		}
	}
	keep := make([]bool, len(files))
	err = eachFile(ctx, h.Parallel, len(files), func(i int) error {
		crashpoint.Here("stage-file")
		var err error
		keep[i], err = stageFile(ctx, filepath.Join(l.Folder, files[i].Path), filepath.Join(to, files[i].Path), files[i])
		if errors.Is(err, errDamaged) {
			return fmt.Errorf("backup '%s' is damaged: %w; use another chain", l.Record.ID, err)
		}
		return err
	})
	for _, k := range keep {
		if k {
			kept++
		}
	}
	return len(files) - kept, kept, err
}

// content lists what of a link's files is restored, from its manifest if it
// has one.
func (l Link) content() ([]ManifestFile, []string, error) {
	if l.Manifest == nil {
		files, folders, err := listTree(l.Folder)
		return restorable(files), folders, err
	}
	return restorable(l.Manifest.Files), l.Manifest.Folders, nil
}

// restorable leaves out the links by which InnoDB finds a table that was made
// with DATA DIRECTORY. The backup holds the table itself, in its database's
// folder; a server that found a link beside it would open the file at the old
// place, which may be gone, or another server's.
func restorable(files []ManifestFile) []ManifestFile {
	return slices.DeleteFunc(slices.Clone(files), func(f ManifestFile) bool { return filepath.Ext(f.Path) == ".isl" })
}

// removeOthers removes the files and folders of a stage that are not the
// link's: an interrupted prepare has left some.
func removeOthers(dir string, files []ManifestFile, folders []string) error {
	there, foldersThere, err := listTree(dir)
	if err != nil {
		return err
	}
	wanted := map[string]bool{}
	for _, f := range files {
		wanted[f.Path] = true
	}
	for _, folder := range folders {
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

// stageFile copies one file and checks it against its hash; an empty hash is
// that of a backup without manifest. A file that is there whole already is
// kept.
func stageFile(ctx context.Context, from, to string, want ManifestFile) (kept bool, err error) {
	if info, err := os.Lstat(to); err == nil && want.SHA256 != "" && info.Size() == want.Size {
		if hash, err := hashFile(ctx, to); err == nil && hash == want.SHA256 {
			return true, nil
		}
	}
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("stage file: %w", err)
	}
	hash, err := copyFile(ctx, from, to)
	if err != nil {
		return false, err
	}
	if want.SHA256 != "" && hash != want.SHA256 {
		return false, fmt.Errorf("file %s %w: its checksum is not the recorded one", want.Path, errDamaged)
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
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return "", fmt.Errorf("stage file: %w", err)
	}
	defer func() {
		if closeErr := target.Close(); err == nil && closeErr != nil {
			err = fmt.Errorf("stage file: %w", closeErr)
		}
	}()
	sum := sha256.New()
	var into io.Writer = io.MultiWriter(target, sum)
	if unix.IoctlFileClone(int(target.Fd()), int(source.Fd())) == nil {
		into = sum
	}
	if _, err := io.CopyBuffer(into, contextReader{ctx, source}, make([]byte, 1<<20)); err != nil {
		if errors.Is(err, unix.ENOSPC) {
			return "", fmt.Errorf("the disk of %s is full: free space, then try again: %w", filepath.Dir(to), err)
		}
		return "", fmt.Errorf("stage file: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
