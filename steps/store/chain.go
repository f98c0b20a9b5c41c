package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/tool"
)

// ErrCircle: a backup stands on itself, by way of others or directly.
var ErrCircle = errors.New("stands on itself")

// WalkChain returns the ids of the chain that ends with the given backup, the
// full one first. Parent returns what a backup stands on, which is nothing for a
// full one. With an error, WalkChain returns the links that it has passed.
func WalkChain(id string, parent func(id string) (string, error)) ([]string, error) {
	var ids []string
	var err error
	for passed := map[string]bool{}; id != "" && err == nil; {
		if passed[id] {
			err = fmt.Errorf("backup '%s' %w", id, ErrCircle)
			break
		}
		var below string
		if below, err = parent(id); err == nil {
			ids, passed[id] = append(ids, id), true
			id = below
		}
	}
	slices.Reverse(ids)
	return ids, err
}

// Lineage returns the ids of the chain that ends with the given backup, the
// full one first, as recorded.
func Lineage(ctx context.Context, catalog Catalog, id string) ([]string, error) {
	ids, err := WalkChain(id, func(id string) (string, error) {
		record, err := catalog.Backup(ctx, id)
		if errors.Is(err, persistence.ErrNotFound) {
			return "", &MissingLinkError{ID: id}
		}
		return record.FromBackupID, err
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// MissingLinkError: a chain's link is not recorded.
type MissingLinkError struct{ ID string }

func (e *MissingLinkError) Error() string {
	return fmt.Sprintf("backup '%s' is not recorded: the chain is broken; take a new full backup", e.ID)
}

// Chain reads the links of a chain and checks that each joins the one before:
// the tools themselves apply almost anything. With an error it returns the
// links before the one that is wrong.
func (s *Store) Chain(ctx context.Context, ids []string) ([]Link, error) {
	var links []Link
	for i, id := range ids {
		l, err := s.Link(ctx, id)
		if err != nil {
			return links, err
		}
		if i == 0 {
			if l.Record.FromBackupID != "" || l.Checkpoints.Type != tool.TypeFull {
				return links, s.unjoined(l, "", fmt.Errorf("backup '%s' is no full backup: a chain begins with one", id))
			}
		} else if err := Joins(links[i-1], l); err != nil {
			return links, s.unjoined(l, ids[i-1], err)
		}
		links = append(links, l)
	}
	return links, nil
}

// unjoined tells a link that does not join the one it stands on by its record
// from a list of ids that is no chain.
func (s *Store) unjoined(l Link, parent string, err error) error {
	if l.Record.FromBackupID != parent {
		return err
	}
	return s.Damage(l.Record.ID, persistence.LevelFiles, err)
}

// CheckChain checks that the backups of these ids, the full one first, are
// there, have all their files, and are a chain.
func (s *Store) CheckChain(ctx context.Context, ids []string) error {
	_, err := s.Chain(ctx, ids)
	return err
}

// Joins checks that a backup stands on another: by its record, its LSNs and,
// since those of two chains can be the same, by its manifest.
func Joins(parent, child Link) error {
	switch {
	case child.Record.FromBackupID == "":
		return fmt.Errorf("backup '%s' is a full one: a chain of its own begins with it", child.Record.ID)
	case child.Record.FromBackupID != parent.Record.ID:
		return fmt.Errorf("backup '%s' stands on '%s', not on '%s'", child.Record.ID, child.Record.FromBackupID, parent.Record.ID)
	case child.Checkpoints.Type != tool.TypeIncremental:
		return fmt.Errorf("backup '%s' is of type %s, not an incremental", child.Record.ID, child.Checkpoints.Type)
	case child.Checkpoints.FromLSN != parent.Checkpoints.ToLSN:
		return fmt.Errorf("backup '%s' begins at LSN %d, but '%s' ends at %d: they do not join",
			child.Record.ID, child.Checkpoints.FromLSN, parent.Record.ID, parent.Checkpoints.ToLSN)
	case child.Manifest == nil:
		return nil
	}
	return child.Manifest.Joins(parent.Record.ID, parent.Manifest)
}

// Joins checks that a backup was taken of the same data as the one of the
// given id, and on that very backup: its id may have come to name another.
// The parent is nil for a backup that an older program made.
func (m *Manifest) Joins(id string, parent *Manifest) error {
	if parent == nil {
		if m.ParentOperation != "" {
			return fmt.Errorf("backup '%s' stands on a backup '%s' that operation %s made, "+
				"and the one that is there has no %s: it is another", m.ID, id, m.ParentOperation, ManifestName)
		}
		return nil
	}
	ours, theirs := m.Server, parent.Server
	born := !ours.DataBirth.IsZero() && !theirs.DataBirth.IsZero()
	switch {
	case m.FromLSN != parent.ToLSN:
		return fmt.Errorf("backup '%s' begins at LSN %d, but '%s' ends at %d: they do not join", m.ID, m.FromLSN, id, parent.ToLSN)
	case m.ParentOperation != "" && m.ParentOperation != parent.Operation:
		return fmt.Errorf("backup '%s' stands on a backup '%s' that operation %s made, "+
			"and the one that is there was made by operation %s: it is another of the same id",
			m.ID, id, m.ParentOperation, parent.Operation)
	case !born && ours.UID != "" && theirs.UID != "" && ours.UID != theirs.UID:
		return fmt.Errorf("backup '%s' is of server %s, but '%s' is of server %s: they are no chain", m.ID, ours.UID, id, theirs.UID)
	case born && !ours.DataBirth.Equal(theirs.DataBirth):
		return fmt.Errorf("backup '%s' is of a data directory created %s, but '%s' is of one created %s: they are no chain", m.ID,
			ours.DataBirth.Format(time.DateTime), id, theirs.DataBirth.Format(time.DateTime))
	}
	return nil
}

// RecordLost tells, of a backup that is not recorded, whether it is in the
// store all the same.
func (s *Store) RecordLost(id string) bool {
	m, err := ReadManifest(s.Folder(id))
	return err == nil && m.ID == id
}
