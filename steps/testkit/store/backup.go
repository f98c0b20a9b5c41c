package storetest

import (
	"context"
	"time"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
)

func (r *Records) Backup(_ context.Context, id string) (persistence.Backup, error) {
	if r.Err != nil {
		return persistence.Backup{}, r.Err
	}
	b, found := r.Backups[id]
	if !found {
		return b, persistence.ErrNotFound
	}
	return b, nil
}

func (r *Records) Children(_ context.Context, id string) ([]persistence.Backup, error) {
	var children []persistence.Backup
	for _, b := range r.Backups {
		if b.FromBackupID == id {
			children = append(children, b)
		}
	}
	return children, r.Err
}

func (r *Records) RestoredSince(_ context.Context, b persistence.Backup) (time.Time, error) {
	if b.Number >= r.Restores {
		return time.Time{}, r.Err
	}
	return r.Restored, r.Err
}

// Backup puts a backup of these files into the store, with its metadata and its
// manifest, and records it.
func (k *Kit) Backup(id, from string, fromLSN, toLSN string, files map[string]string) *store.Manifest {
	k.T.Helper()
	kind := "full-backuped"
	if from != "" {
		kind = "incremental"
	}
	folder := k.Backups.Folder(id)
	testkit.Write(k.T, folder, testkit.Metadata(kind, fromLSN, toLSN))
	testkit.Write(k.T, folder, files)
	m := k.WriteManifest(id, from)
	k.Records.Backups[id] = persistence.Backup{ID: id, FromBackupID: from, StartTime: m.StartTime}
	return m
}
