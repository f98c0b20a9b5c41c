package steps

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// validateBackup checks everything a backup needs, before a byte is written.
func (h *Host) validateBackup(ctx context.Context, t Task) (Outcome, error) {
	credentials, err := h.Credentials()
	if err != nil {
		return Outcome{}, err
	}
	conn, err := h.connect(ctx)
	if err != nil {
		return Outcome{}, err
	}
	defer conn.close()
	info, err := conn.info(ctx)
	if err != nil {
		return Outcome{}, err
	}
	if err := h.checkFlavour(info); err != nil {
		return Outcome{}, err
	}
	tool, err := h.tool(ctx, info.Version)
	if err != nil {
		return Outcome{}, err
	}
	if err := tool.fits(info); err != nil {
		return Outcome{}, err
	}
	if err := sameFolder(info.DataDir, h.DataDir); err != nil {
		return Outcome{}, err
	}
	if err := conn.checkGrants(ctx, info, credentials.User); err != nil {
		return Outcome{}, err
	}
	if err := h.checkKeyring(ctx, conn, &info); err != nil {
		return Outcome{}, err
	}
	data, err := dataSize(info.DataDir)
	if err != nil {
		return Outcome{}, err
	}
	t.Data.Form = h.chooseForm(t)
	room, what := t.form().room(data.total, data.largest), "a full backup"
	if t.Args.FromBackupID != "" {
		if t.Data.BaseOperation, err = h.checkBase(ctx, t.Args.FromBackupID, info); err != nil {
			return Outcome{}, err
		}
		// How large what has changed is, nobody knows.
		room, what = t.form().room(data.total-data.innodb, 0), "an incremental backup"
	}
	if err := makeFolder(h.BackupDir, 0o750); err != nil {
		return Outcome{}, fmt.Errorf("create backup_dir: %w", writeAdvice(err))
	}
	if err := checkWritable("backup_dir", h.BackupDir); err != nil {
		return Outcome{}, err
	}
	if err := requireSpace(h.BackupDir, room, what); err != nil {
		return Outcome{}, err
	}
	if taken, err := exists(h.BackupFolder(t.Args.ID)); err != nil || taken {
		return Outcome{}, fmt.Errorf("the folder %s is there already: remove it if it is of no use, or choose another id (%w)", h.BackupFolder(t.Args.ID), errOr(err, os.ErrExist))
	}
	t.Data.Server, t.Data.Tool, t.Data.DataSize = &info, &tool, data.total
	reason := fmt.Sprintf("%s %s, %s %s, %s of data", info.Flavour, info.Version, tool.Name, tool.Version, humanBytes(data.total))
	if form := t.form(); form != (Form{}) {
		reason += ", to be stored as " + form.String()
	}
	return ok(t, reason), nil
}

func errOr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// checkFlavour refuses a server of another kind than the configured one.
func (h *Host) checkFlavour(info ServerInfo) error {
	if info.Flavour == h.DBType {
		return nil
	}
	return fmt.Errorf("the server is %s %s, but db_type says %s: correct db_type, or socket or host in the credentials file", info.Flavour, info.Version, h.DBType)
}

// sameFolder refuses a server whose data directory is not the configured one:
// a restore would go to the wrong place.
func sameFolder(server, configured string) error {
	a, err := os.Stat(server)
	if err != nil {
		return fmt.Errorf("the server's data directory cannot be read: %w: the daemon must run on the server's host, as root or as the server's user", err)
	}
	b, err := os.Stat(configured)
	if err != nil || !os.SameFile(a, b) {
		return fmt.Errorf("the server's data directory is %s, but data_dir says %s: correct data_dir, or socket or host in the credentials file", server, configured)
	}
	return nil
}

// checkBase checks that an incremental may stand on a backup: its whole chain
// is there, it is of this server's present, and no restore has come between.
// It returns the operation that made it, empty if nothing tells.
func (h *Host) checkBase(ctx context.Context, id string, info ServerInfo) (string, error) {
	ids, err := Lineage(ctx, h.catalog, id)
	if missing, found := errors.AsType[*MissingLinkError](err); found && h.RecordLost(missing.ID) {
		return "", fmt.Errorf("backup '%s' stands on '%s', whose folder is there and whose record is lost: dbcalm-db-cmd backups rebuild records it again; then take this backup again", id, missing.ID)
	}
	if err != nil {
		return "", err
	}
	links, err := h.chain(ctx, ids)
	if err != nil {
		return "", insteadOfBase(err, links)
	}
	base := links[len(links)-1]
	if err := h.CheckNotRestored(ctx, id); err != nil {
		return "", err
	}
	if m := base.Manifest; m != nil && m.Server.UID != info.UID {
		return "", fmt.Errorf("backup '%s' is of another server (%s, this one is %s): take a full backup", id, m.Server.UID, info.UID)
	}
	if m := base.Manifest; m != nil && !m.Server.DataBirth.IsZero() && !info.DataBirth.IsZero() && !m.Server.DataBirth.Equal(info.DataBirth) {
		return "", fmt.Errorf("backup '%s' is of another data directory (created %s, this one %s): take a full backup", id,
			m.Server.DataBirth.Format(time.DateTime), info.DataBirth.Format(time.DateTime))
	}
	if info.LSN != 0 && base.Checkpoints.ToLSN > info.LSN {
		return "", fmt.Errorf("backup '%s' ends at LSN %d, the server is only at %d, so its data is not what was backed up: take a full backup", id, base.Checkpoints.ToLSN, info.LSN)
	}
	return base.operation(), nil
}

// CheckNotRestored refuses an incremental on a backup that was taken before
// the data directory was last restored: the server's history has forked since.
func (h *Host) CheckNotRestored(ctx context.Context, id string) error {
	base, err := h.catalog.Backup(ctx, id)
	if err != nil {
		return fmt.Errorf("read backup '%s': %w", id, err)
	}
	restored, err := h.catalog.RestoredAt(ctx)
	if err != nil {
		return err
	}
	if base.StartTime.Before(restored) {
		return fmt.Errorf("backup '%s' was taken before the data directory was restored on %s: take a full backup first", id, restored.Format(time.DateTime))
	}
	return nil
}
