package place

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"dbcalm-db-cmd/steps/crashpoint"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/server"
)

// placeOrder are the entries that go into place first, as a negative number,
// and last: with a redo log but without the system tablespace, or with that but
// without MySQL's data dictionary, a server refuses to start.
var placeOrder = map[string]int{
	"ib_logfile0": -1,
	// The redo log of MySQL 8.0.30 and later.
	"#innodb_redo":    -1,
	server.Dictionary: 1,
	server.LastEntry:  2,
}

// Identify notes what moves.
func (p *Placement) Identify() error {
	switch p.Mode {
	case Folder, Swap:
		folder, err := disk.IDOf(p.Prepared())
		if err != nil {
			return err
		}
		p.Folder = &folder
		if p.Mode == Folder {
			return nil
		}
		replaced, err := disk.IDOf(p.Target)
		if err != nil {
			return err
		}
		p.Replaced = &replaced
	case Entries:
		entries, err := disk.ReadDir(p.Prepared())
		if err != nil {
			return err
		}
		p.Entries = nil
		for _, e := range entries {
			id, err := disk.IDOf(filepath.Join(p.Prepared(), e.Name()))
			if err != nil {
				return err
			}
			p.Entries = append(p.Entries, Entry{Name: e.Name(), FileID: id})
		}
		slices.SortStableFunc(p.Entries, func(a, b Entry) int { return placeOrder[a.Name] - placeOrder[b.Name] })
	}
	return nil
}

// Put puts the prepared folder into place, unless it lies there already. The
// server whose data directory it becomes must be down.
func (p *Placement) Put(ctx context.Context, h *server.Server) error {
	switch p.Mode {
	case Swap:
		return p.swap(ctx, h)
	case Entries:
		return p.moveEntries(ctx, h)
	default:
		return p.moveFolder()
	}
}

func (p *Placement) swap(ctx context.Context, h *server.Server) error {
	if p.Folder.Is(p.Target) {
		return p.removeReplaced()
	}
	if err := h.CheckDown(ctx); err != nil {
		return err
	}
	if err := h.CheckEmpty(); err != nil {
		return err
	}
	if !p.Replaced.Is(p.Target) {
		return fmt.Errorf("%w: %s was replaced by another folder while the restore was under way", server.ErrDataDir, p.Target)
	}
	if err := p.setAside(); err != nil {
		return err
	}
	crashpoint.Here("place-before-exchange")
	if err := disk.Exchange(p.Prepared(), p.Target); err != nil {
		return fmt.Errorf("%w: %w", server.ErrDataDir, err)
	}
	crashpoint.Here("place-after-exchange")
	if err := disk.SyncDir(filepath.Dir(p.Target)); err != nil {
		return err
	}
	return p.removeReplaced()
}

// removeReplaced removes the data directory that was, which is empty. If
// somebody put something into it at the last moment, that is kept and the
// restore undone.
func (p *Placement) removeReplaced() error {
	old := p.Prepared()
	if !p.Replaced.Is(old) {
		return nil
	}
	if err := os.Remove(old); err != nil {
		return fmt.Errorf("%w: something was written into the data directory while the restore was put into place: %w",
			server.ErrDataDirNotEmpty, err)
	}
	return nil
}

func (p *Placement) moveEntries(ctx context.Context, h *server.Server) error {
	// The last in place means all are, durably. Somebody may have started a
	// server since, after a power cut say, and servers replace some files.
	if n := len(p.Entries); n > 0 && p.Entries[n-1].Is(filepath.Join(p.Target, p.Entries[n-1].Name)) {
		return nil
	}
	if err := h.CheckDown(ctx); err != nil {
		return err
	}
	if !p.Begun() {
		if err := p.setAside(); err != nil {
			return err
		}
	}
	if err := p.checkForeign(); err != nil {
		return err
	}
	for _, e := range p.Entries {
		to := filepath.Join(p.Target, e.Name)
		if e.Is(to) {
			continue
		}
		crashpoint.Here("place-entry")
		if err := disk.RenameNew(filepath.Join(p.Prepared(), e.Name), to); err != nil {
			return fmt.Errorf("%w: %w", server.ErrDataDir, err)
		}
		// Each name must be durable before the next: a server must not find the
		// last without the others.
		if err := disk.SyncDir(p.Target); err != nil {
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
		return fmt.Errorf("%w: %w", server.ErrDataDir, err)
	}
	for _, e := range entries {
		path := filepath.Join(p.Target, e.Name())
		ours := path == p.Stage || path == p.Aside() || e.Name() == server.LostAndFound ||
			slices.ContainsFunc(p.Entries, func(x Entry) bool { return x.Name == e.Name() && x.Is(path) })
		if !ours {
			return fmt.Errorf("%w: %s appeared while the restore was under way", server.ErrDataDirNotEmpty, path)
		}
	}
	return nil
}

func (p *Placement) moveFolder() error {
	there, err := disk.Exists(p.Prepared())
	if err != nil {
		return err
	}
	if !there {
		if p.Folder.Is(p.Target) {
			return nil // renamed before an interruption
		}
		return fmt.Errorf("restore to folder: the prepared folder %s is gone", p.Prepared())
	}
	dated := filepath.Dir(p.Target)
	if err := disk.MakeFolder(dated, 0o750); err != nil {
		return fmt.Errorf("restore to folder: %w", err)
	}
	// Either may be new.
	for _, folder := range []string{filepath.Dir(dated), filepath.Dir(filepath.Dir(dated))} {
		if err := disk.SyncDir(folder); err != nil {
			return fmt.Errorf("restore to folder: %w", err)
		}
	}
	if err := disk.RenameNew(p.Prepared(), p.Target); err != nil {
		return fmt.Errorf("restore to folder: %w", err)
	}
	return nil
}
