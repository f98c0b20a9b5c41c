package machine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/crashpoint"
)

// acceptTimeout bounds the writing of a new operation: a client waits for it.
const acceptTimeout = 3 * time.Second

// FullBackup accepts a full backup and returns the operation's id. The
// backup itself is made afterwards.
func (m *Manager) FullBackup(ctx context.Context, r BackupRequest) (string, error) {
	args := Args{ID: r.ID, ScheduleID: r.ScheduleID}
	return m.once(ctx, r.RequestID, "full_backup", args, func(request *persistence.Request) (string, error) {
		if err := m.checkNew(ctx, r.ID); err != nil {
			return "", err
		}
		if err := m.checkServer(ctx); err != nil {
			return "", err
		}
		claims := []persistence.Claim{{BackupID: r.ID, Use: persistence.Makes}}
		return m.accept(ctx, "full_backup", r.ID, args, claims, request)
	})
}

// IncrementalBackup accepts an incremental backup on r.FromBackupID.
func (m *Manager) IncrementalBackup(ctx context.Context, r BackupRequest) (string, error) {
	args := Args{ID: r.ID, FromBackupID: r.FromBackupID, ScheduleID: r.ScheduleID}
	return m.once(ctx, r.RequestID, "incremental_backup", args, func(request *persistence.Request) (string, error) {
		if err := m.checkBase(ctx, r); err != nil {
			return "", err
		}
		claims := []persistence.Claim{{BackupID: r.ID, Use: persistence.Makes}, {BackupID: r.FromBackupID, Use: persistence.Reads}}
		return m.accept(ctx, "incremental_backup", r.ID, args, claims, request)
	})
}

// checkBase refuses an incremental whose base is not there or no longer fits
// the data directory.
func (m *Manager) checkBase(ctx context.Context, r BackupRequest) error {
	if err := m.checkNew(ctx, r.ID); err != nil {
		return err
	}
	_, err := m.store.Backup(ctx, r.FromBackupID)
	if errors.Is(err, persistence.ErrNotFound) {
		return m.notFound("Base backup", r.FromBackupID)
	}
	if err != nil {
		return internal(err)
	}
	if err := m.host.CheckNotRestored(ctx, r.FromBackupID); err != nil {
		return &Error{Kind: Conflict, Message: err.Error(), Err: err}
	}
	if err := m.checkUndamaged(ctx, r.FromBackupID); err != nil {
		return err
	}
	return m.checkServer(ctx)
}

// checkNew refuses the id of a backup that is recorded or whose folder is
// there.
func (m *Manager) checkNew(ctx context.Context, id string) error {
	_, err := m.store.Backup(ctx, id)
	if err == nil {
		return refuse(Conflict, "Backup with id '%s' already exists", id)
	}
	if !errors.Is(err, persistence.ErrNotFound) {
		return internal(err)
	}
	folder := m.host.BackupFolder(id)
	if _, err := os.Lstat(folder); err == nil {
		advice := "choose another id, or move the folder out of backup_dir"
		if m.host.RecordLost(id) {
			advice = "dbcalm-db-cmd backups rebuild records it again; else " + advice
		}
		return refuse(Conflict, "Backup with id '%s' already exists: the folder %s is there without a record and may be the only copy of that backup; %s", id, folder, advice)
	}
	return nil
}

// checkServer refuses a backup whose server cannot be reached, now, while the
// client can still be told.
func (m *Manager) checkServer(ctx context.Context) error {
	if err := m.host.Reachable(ctx); err != nil {
		return &Error{Kind: Unavailable, Message: err.Error(), Err: err}
	}
	return nil
}

// RestoreBackup accepts the restore of a chain.
func (m *Manager) RestoreBackup(ctx context.Context, r RestoreRequest) (string, error) {
	args := Args{IDList: r.IDList, Target: string(r.Target)}
	return m.once(ctx, r.RequestID, "restore_backup", args, func(request *persistence.Request) (string, error) {
		if err := m.checkOrder(ctx, r); err != nil {
			return "", err
		}
		if err := m.host.CheckRetrievable(r.IDList); err != nil {
			return "", &Error{Kind: Unavailable, Message: err.Error(), Err: err}
		}
		// Where it goes is no part of what was asked for.
		args := args
		name := "restore_folder"
		if r.Target == TargetDatabase {
			name = "restore_database"
			if err := m.host.CheckDataDir(ctx); err != nil {
				return "", &Error{Kind: Unavailable, Message: err.Error(), Err: err}
			}
			args.TmpDir = m.host.DataDir
		} else {
			args.TmpDir = m.restoreFolder()
		}
		var claims []persistence.Claim
		for _, id := range r.IDList {
			claims = append(claims, persistence.Claim{BackupID: id, Use: persistence.Reads})
		}
		return m.accept(ctx, name, r.IDList[len(r.IDList)-1], args, claims, request)
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
		folder := filepath.Join(m.host.BackupDir, "restores", at.Format("2006-01-02-15-04-05"))
		if _, err := os.Lstat(folder); err != nil {
			m.stamps.at = at
			return folder
		}
		at = at.Add(time.Second)
	}
}

// accept records an operation, and with it the request that began it, if that
// has an id; once it returns, neither is ever forgotten.
func (m *Manager) accept(ctx context.Context, name, backup string, args Args, claims []persistence.Claim, request *persistence.Request) (string, error) {
	return m.acceptAs(ctx, uuid.NewString(), name, backup, args, claims, request)
}

// acceptAs is accept for an operation whose arguments speak of its id.
func (m *Manager) acceptAs(ctx context.Context, id, name, backup string, args Args, claims []persistence.Claim, request *persistence.Request) (string, error) {
	d := m.definitions[name]
	text, err := json.Marshal(args)
	if err != nil {
		return "", internal(err)
	}
	askedBy, err := askerText(ctx)
	if err != nil {
		return "", internal(err)
	}
	now := time.Now().UTC()
	o := persistence.Operation{ID: id, Machine: name, Definition: d.text, BackupID: backup, Args: text,
		State: d.Initial, Status: persistence.Waiting, Seq: 1, Attempt: 1, Data: []byte("{}"), CreatedAt: now, AskedBy: askedBy}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), acceptTimeout)
	defer cancel()
	// Between the commit and the queue, nobody else may look for the operation
	// in either and find it in only one.
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.base.Err() != nil {
		return "", refuse(Unavailable, "the daemon is stopping: try again when it has started")
	}
	r := &run{id: o.ID, definition: d, ended: make(chan struct{})}
	if err := m.checkQueue(r); err != nil {
		return "", err
	}
	crashpoint.Here("accept-before")
	if request != nil {
		err = m.store.AcceptOnce(ctx, *request, o, claims, m.firstProcess(o, d))
	} else {
		err = m.store.Accept(ctx, o, claims, m.firstProcess(o, d))
	}
	if err != nil {
		return "", refuseAccept(err, backup)
	}
	crashpoint.Here("accept-recorded")
	event := m.log.Info().Str(keyOperation, o.ID).Str(keyMachine, name).Str(keyBackup, backup)
	if asker := recordedAsker(askedBy); asker != nil {
		event.Stringer(keyAskedBy, asker)
	}
	event.Msg("operation accepted")
	m.queue = append(m.queue, r)
	m.schedule()
	return o.ID, nil
}

// firstProcess is the row clients poll until the first program runs.
func (m *Manager) firstProcess(o persistence.Operation, d *Definition) persistence.Process {
	return persistence.Process{CommandID: o.ID, Command: fmt.Sprintf("dbcalm-db-cmd %s %s", o.Machine, o.BackupID),
		StartTime: time.Now().UTC(), Type: d.Process, Args: o.Args}
}

func refuseAccept(err error, backup string) error {
	var claimed *persistence.ClaimedError
	var broken *persistence.Error
	switch {
	case errors.Is(err, persistence.ErrExists):
		return &Error{Kind: Conflict, Message: fmt.Sprintf("Backup with id '%s' already exists", backup), Err: err}
	case errors.As(err, &claimed):
		return &Error{Kind: Conflict, Message: fmt.Sprintf("backup '%s' is in use: operation %s %s it; wait for its end or cancel it",
			claimed.Holder.BackupID, claimed.Holder.OperationID, claimed.Holder.Use), Err: err}
	case errors.As(err, &broken):
		return &Error{Kind: Unavailable, Message: "the command was not accepted: " + broken.Error(), Err: err}
	}
	return internal(err)
}

func internal(err error) error {
	var broken *persistence.Error
	if errors.As(err, &broken) {
		return &Error{Kind: Unavailable, Message: broken.Error(), Err: err}
	}
	return &Error{Kind: Internal, Message: err.Error(), Err: err}
}
