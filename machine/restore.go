package machine

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
)

// RestoreBackup accepts the restore of a chain.
func (m *Manager) RestoreBackup(ctx context.Context, r api.RestoreRequest) (string, error) {
	args := api.Args{IDList: r.IDList, Target: string(r.Target), To: r.To}
	return m.once(ctx, r.RequestID, commandRestoreBackup, args, func(request *persistence.Request) (string, error) {
		if err := m.backups.CheckOrder(ctx, r); err != nil {
			return "", err
		}
		if err := m.host.CheckRetrievable(r.IDList); err != nil {
			return "", &api.Error{Kind: api.Unavailable, Message: err.Error(), Err: err}
		}
		// Where it goes is no part of what was asked for.
		args := args
		if r.Target == api.TargetDatabase {
			if err := m.host.Server.CheckDataDir(ctx); err != nil {
				return "", &api.Error{Kind: api.Unavailable, Message: err.Error(), Err: err}
			}
			args.TmpDir = m.host.Server.DataDir
		} else {
			args.TmpDir = m.restoreFolder()
		}
		var claims []persistence.Claim
		for _, id := range r.IDList {
			claims = append(claims, persistence.Claim{BackupID: id, Use: persistence.Reads})
		}
		return m.accept(ctx, order{commandRestoreBackup, r.Target}, r.IDList[len(r.IDList)-1], args, claims, request)
	})
}

// lastStamp makes the names of restore folders unique.
type lastStamp struct {
	sync.Mutex
	at time.Time
}

// restoreFolder names a folder that no other restore has: a second each.
func (m *Manager) restoreFolder() string {
	m.stamps.Lock()
	defer m.stamps.Unlock()
	at := time.Now().UTC().Truncate(time.Second)
	if !at.After(m.stamps.at) {
		at = m.stamps.at.Add(time.Second)
	}
	for {
		folder := filepath.Join(m.host.Store.BackupDir, "restores", at.Format("2006-01-02-15-04-05"))
		if _, err := os.Lstat(folder); err != nil {
			m.stamps.at = at
			return folder
		}
		at = at.Add(time.Second)
	}
}
