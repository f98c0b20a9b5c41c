package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/crashpoint"
)

// placeOrder are the entries that go into place first, as a negative number,
// and last: with a redo log but without the system tablespace, or with that but
// without MySQL's data dictionary, a server refuses to start.
var placeOrder = map[string]int{
	"ib_logfile0": -1,
	// The redo log of MySQL 8.0.30 and later.
	"#innodb_redo": -1,
	dictionary:     1,
	lastEntry:      2,
}

const (
	// dictionary is the data dictionary of MySQL 8.0 and later.
	dictionary = "mysql.ibd"
	// lastEntry is the system tablespace.
	lastEntry = "ibdata1"
)

// arrange makes the prepared folder ready to become the target: complete,
// without the tool's own files, owned as the target is, on the disk. What will
// move where is part of its outcome, so that it is known before it happens.
func (h *Host) arrange(_ context.Context, t Task) (Outcome, error) {
	p := *t.Data.Placement
	if err := h.checkPromised(t, p.prepared()); err != nil {
		return Outcome{}, err
	}
	if p.Mode != PlaceFolder {
		if err := stripMetadata(p.prepared()); err != nil {
			return Outcome{}, err
		}
		if err := adoptOwner(p.prepared(), p.Target); err != nil {
			return Outcome{}, err
		}
	}
	if err := syncFileSystem(p.Stage); err != nil {
		return Outcome{}, err
	}
	if err := p.identify(); err != nil {
		return Outcome{}, fmt.Errorf("arrange restore: %w", err)
	}
	t.Data.Placement = &p
	reason := "every table is there, all is on disk"
	if p.Mode != PlaceFolder {
		reason += ", owned as " + p.Target + " is"
	}
	return ok(t, reason), nil
}

// identify notes what moves.
func (p *Placement) identify() error {
	switch p.Mode {
	case PlaceFolder, PlaceSwap:
		folder, err := fileID(p.prepared())
		if err != nil {
			return err
		}
		p.Folder = &folder
		if p.Mode == PlaceFolder {
			return nil
		}
		replaced, err := fileID(p.Target)
		if err != nil {
			return err
		}
		p.Replaced = &replaced
	case PlaceEntries:
		entries, err := os.ReadDir(p.prepared())
		if err != nil {
			return err
		}
		p.Entries = nil
		for _, e := range entries {
			id, err := fileID(filepath.Join(p.prepared(), e.Name()))
			if err != nil {
				return err
			}
			p.Entries = append(p.Entries, PlacedEntry{Name: e.Name(), FileID: id})
		}
		slices.SortStableFunc(p.Entries, func(a, b PlacedEntry) int { return placeOrder[a.Name] - placeOrder[b.Name] })
	}
	return nil
}

// stripMetadata removes the tool's own files, which do not belong into a data
// directory.
func stripMetadata(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("strip metadata: %w", err)
	}
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, "xtrabackup_") || strings.HasPrefix(name, "mariadb_backup_") || slices.Contains(optionsNames, name) {
			if err := os.Remove(filepath.Join(folder, name)); err != nil {
				return fmt.Errorf("strip metadata: %w", err)
			}
		}
	}
	return nil
}

// adoptOwner gives everything in folder the owner of model, and folder itself
// its mode too: the server runs as that user.
func adoptOwner(folder, model string) error {
	info, err := os.Stat(model)
	if err != nil {
		return fmt.Errorf("set owner: %w", err)
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	if !known {
		return fmt.Errorf("set owner: %s has none", model)
	}
	err = filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(owner.Uid), int(owner.Gid))
	})
	if err == nil {
		err = os.Chmod(folder, info.Mode().Perm())
	}
	if err != nil {
		return fmt.Errorf("set owner: %w", err)
	}
	return nil
}

// place puts the prepared folder into place by renames. Run again, it goes on
// where it stopped.
func (h *Host) place(ctx context.Context, t Task) (Outcome, error) {
	p := t.Data.Placement
	if err := p.put(ctx, h); err != nil {
		return Outcome{}, err
	}
	crashpoint.Here("place-renamed")
	if err := os.RemoveAll(p.Stage); err != nil {
		return Outcome{}, fmt.Errorf("remove stage: %w", err)
	}
	for _, folder := range []string{p.Target, filepath.Dir(p.Target), filepath.Dir(p.Stage)} {
		if err := syncDir(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return Outcome{}, err
		}
	}
	if err := h.removeWork(t.Operation); err != nil {
		return Outcome{}, err
	}
	return ok(t, "in place in "+p.Target), nil
}

// exchange lets two paths change places in one step.
func exchange(a, b string) error {
	if err := unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE); err != nil {
		return &os.LinkError{Op: "exchange", Old: a, New: b, Err: err}
	}
	return nil
}

// put puts the prepared folder into place, unless it lies there already. The
// server whose data directory it becomes must be down.
func (p *Placement) put(ctx context.Context, h *Host) error {
	switch p.Mode {
	case PlaceSwap:
		return p.swap(ctx, h)
	case PlaceEntries:
		return p.moveEntries(ctx, h)
	default:
		return p.moveFolder()
	}
}

func (p *Placement) swap(ctx context.Context, h *Host) error {
	if p.Folder.is(p.Target) {
		return p.removeReplaced()
	}
	if err := h.checkServerDown(ctx); err != nil {
		return err
	}
	if err := h.checkEmpty(); err != nil {
		return err
	}
	if !p.Replaced.is(p.Target) {
		return fmt.Errorf("%w: %s was replaced by another folder while the restore was under way", ErrDataDir, p.Target)
	}
	crashpoint.Here("place-before-exchange")
	if err := exchange(p.prepared(), p.Target); err != nil {
		return fmt.Errorf("%w: %w", ErrDataDir, err)
	}
	crashpoint.Here("place-after-exchange")
	if err := syncDir(filepath.Dir(p.Target)); err != nil {
		return err
	}
	return p.removeReplaced()
}

// removeReplaced removes the data directory that was, which is empty. If
// somebody put something into it at the last moment, that is kept and the
// restore undone.
func (p *Placement) removeReplaced() error {
	old := p.prepared()
	if !p.Replaced.is(old) {
		return nil
	}
	if err := os.Remove(old); err != nil {
		return fmt.Errorf("%w: something was written into the data directory while the restore was put into place: %w", ErrDataDirNotEmpty, err)
	}
	return nil
}

func (p *Placement) moveEntries(ctx context.Context, h *Host) error {
	// The last in place means all are, durably. Somebody may have started a
	// server since, after a power cut say, and servers replace some files.
	if n := len(p.Entries); n > 0 && p.Entries[n-1].is(filepath.Join(p.Target, p.Entries[n-1].Name)) {
		return nil
	}
	if err := h.checkServerDown(ctx); err != nil {
		return err
	}
	if err := p.checkForeign(); err != nil {
		return err
	}
	for _, e := range p.Entries {
		to := filepath.Join(p.Target, e.Name)
		if e.is(to) {
			continue
		}
		crashpoint.Here("place-entry")
		if err := renameNew(filepath.Join(p.prepared(), e.Name), to); err != nil {
			return fmt.Errorf("%w: %w", ErrDataDir, err)
		}
		// Each name must be durable before the next: a server must not find the
		// last without the others.
		if err := syncDir(p.Target); err != nil {
			return err
		}
	}
	return nil
}

// checkForeign refuses a data directory that holds anything but the stage and
// what came from it.
func (p *Placement) checkForeign() error {
	entries, err := os.ReadDir(p.Target)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDataDir, err)
	}
	for _, e := range entries {
		path := filepath.Join(p.Target, e.Name())
		ours := path == p.Stage || e.Name() == lostAndFound ||
			slices.ContainsFunc(p.Entries, func(x PlacedEntry) bool { return x.Name == e.Name() && x.is(path) })
		if !ours {
			return fmt.Errorf("%w: %s appeared while the restore was under way", ErrDataDirNotEmpty, path)
		}
	}
	return nil
}

func (p *Placement) moveFolder() error {
	there, err := exists(p.prepared())
	if err != nil {
		return err
	}
	if !there {
		if p.Folder.is(p.Target) {
			return nil // renamed before an interruption
		}
		return fmt.Errorf("restore to folder: the prepared folder %s is gone", p.prepared())
	}
	dated := filepath.Dir(p.Target)
	if err := os.MkdirAll(dated, 0o750); err != nil {
		return fmt.Errorf("restore to folder: %w", err)
	}
	// Either may be new.
	for _, folder := range []string{filepath.Dir(dated), filepath.Dir(filepath.Dir(dated))} {
		if err := syncDir(folder); err != nil {
			return fmt.Errorf("restore to folder: %w", err)
		}
	}
	if err := renameNew(p.prepared(), p.Target); err != nil {
		return fmt.Errorf("restore to folder: %w", err)
	}
	return nil
}
