package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/tool"
)

// checkBaseStayed checks that the backup an incremental was begun on is still
// the one of that id.
func (s backupSteps) checkBaseStayed(t Task) error {
	if t.Data.BaseOperation == "" {
		return nil
	}
	m, err := store.ReadManifest(s.Store.Folder(t.Args.FromBackupID))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err != nil || m.Operation != t.Data.BaseOperation || t.Data.BaseManifest != "" && m.SHA256 != t.Data.BaseManifest {
		return fmt.Errorf("backup '%s' has been replaced by another while this one was taken on it: take a full backup", t.Args.FromBackupID)
	}
	return nil
}

// validateBackup checks everything a backup needs, before a byte is written.
func (s backupSteps) validateBackup(ctx context.Context, t Task) (Outcome, error) {
	credentials, err := s.Server.Credentials()
	if err != nil {
		return Outcome{}, err
	}
	conn, err := s.Server.Connect(ctx)
	if err != nil {
		return Outcome{}, err
	}
	defer conn.Close()
	info, err := conn.Info(ctx)
	if err != nil {
		return Outcome{}, err
	}
	if err := s.Server.CheckServer(info); err != nil {
		return Outcome{}, err
	}
	tool, err := s.Tool.Find(ctx, info.Version)
	if err != nil {
		return Outcome{}, err
	}
	if err := tool.Fits(info); err != nil {
		return Outcome{}, err
	}
	if err := tool.Prove(ctx); err != nil {
		return Outcome{}, err
	}
	if err := s.CheckCopyable(info.DataDir); err != nil {
		return Outcome{}, err
	}
	if err := s.Server.CheckToolReads(); err != nil {
		return Outcome{}, err
	}
	if err := conn.CheckGrants(ctx, info, credentials.User); err != nil {
		return Outcome{}, err
	}
	if err := s.Tool.CheckKeyring(ctx, conn, &info); err != nil {
		return Outcome{}, err
	}
	if info.Outside, err = conn.Outside(ctx, info); err != nil {
		return Outcome{}, err
	}
	data, err := server.DataSize(info.DataDir)
	if err != nil {
		return Outcome{}, err
	}
	t.Data.Form, t.Data.Count = s.ChooseForm(t), s.chooseCount(t)
	if t.form().Stream {
		// A stream that nothing here unpacks would be found out by the restore.
		if _, err := s.Tool.FindUnpacker(tool); err != nil {
			return Outcome{}, err
		}
	}
	room, what, moved := t.form().Room(data.Total, data.Largest), "a full backup", ""
	if t.Args.FromBackupID != "" {
		base, err := s.checkBase(ctx, t.Args.FromBackupID, info)
		if err != nil {
			return Outcome{}, err
		}
		if err := s.proveCarried(ctx, info.DataDir, base); err != nil {
			return Outcome{}, err
		}
		t.Data.BaseOperation, t.Data.BaseManifest = "", ""
		if base.Manifest != nil {
			t.Data.BaseOperation, t.Data.BaseManifest = base.Manifest.Operation, base.Manifest.SHA256
			if was := base.Manifest.Server.UID; was != info.UID {
				moved = fmt.Sprintf("; the server's id is %s now and was %s: its data directory is the same", info.UID, was)
			}
		}
		room, what = t.form().Room(data.Changing(), 0), "an incremental backup"
	}
	if err := disk.MakeFolder(s.Store.BackupDir, 0o750); err != nil {
		return Outcome{}, fmt.Errorf("create backup_dir: %w", disk.WriteAdvice(err))
	}
	if err := disk.CheckWritable("backup_dir", s.Store.BackupDir); err != nil {
		return Outcome{}, err
	}
	if err := disk.RequireSpace(s.Store.BackupDir, room, what); err != nil {
		return Outcome{}, err
	}
	if taken, err := disk.Exists(s.Store.Folder(t.Args.ID)); err != nil || taken {
		return Outcome{}, fmt.Errorf("the folder %s is there already: remove it if it is of no use, or choose another id (%w)",
			s.Store.Folder(t.Args.ID), errOr(err, os.ErrExist))
	}
	t.Data.Server, t.Data.Tool, t.Data.DataSize = &info, &tool, data.Total.Allocated
	reason := fmt.Sprintf("%s %s, %s %s, %s of data", info.Flavour, info.Version, tool.Name, tool.Version, data.Total.String())
	if form := t.form(); form != (store.Form{}) {
		reason += ", to be stored as " + form.String()
	}
	if why := s.toFolderOnly(ctx, info); why != "" {
		reason += "; it will be possible to restore it to a folder, and not to database: " + why
	} else if names := info.ComeInside(); names != "" {
		reason += "; these tables lie outside the data directory, and a restore puts them into it: " + names
	}
	if t.Data.Count.On() {
		why, err := conn.Uncounted(ctx, info)
		if err != nil {
			return Outcome{}, err
		}
		if why != "" {
			reason += "; " + why
		}
	}
	return ok(t, reason+info.BinlogNote("; ")+moved), nil
}

// toFolderOnly says why a backup of a server could not be restored to database;
// empty if it could, as far as layouts go.
func (h *Host) toFolderOnly(ctx context.Context, info server.Info) string {
	if why := info.ToFolderOnly(); why != "" {
		return "the server " + why
	}
	if err := h.Server.CheckLayout(ctx, info.Version); err != nil {
		return err.Error()
	}
	return ""
}

// CheckCopyable refuses a server's data directory that is not the one of the
// configuration, or has in it what the tool cannot or may not copy.
func (h *Host) CheckCopyable(dataDir string) error {
	if err := server.SameFolder(dataDir, h.Server.DataDir); err != nil {
		return err
	}
	if err := tool.CheckNames(dataDir); err != nil {
		return err
	}
	return h.Server.CheckReadable(dataDir)
}

// checkBase checks that an incremental may stand on a backup: its whole chain
// is there, it is of this server's present, and no restore has come between.
// It returns that backup.
func (s backupSteps) checkBase(ctx context.Context, id string, info server.Info) (store.Link, error) {
	ids, err := store.Lineage(ctx, s.Store.Catalog, id)
	if missing, found := errors.AsType[*store.MissingLinkError](err); found && s.Store.RecordLost(missing.ID) {
		return store.Link{}, fmt.Errorf("backup '%s' stands on '%s', whose folder is there and whose record is lost: "+
			"dbcalm-db-cmd backups rebuild records it again; then take this backup again", id, missing.ID)
	}
	if err != nil {
		return store.Link{}, err
	}
	links, err := s.Store.Chain(ctx, ids)
	if err != nil {
		return store.Link{}, insteadOfBase(err, links)
	}
	base := links[len(links)-1]
	if err := s.CheckNotRestored(ctx, id); err != nil {
		return store.Link{}, err
	}
	if err := checkSeries(base, info); err != nil {
		return store.Link{}, err
	}
	if m := base.Manifest; m != nil {
		if differs := m.Server.SameData(info); differs != "" {
			return store.Link{}, fmt.Errorf("backup '%s' is %s: take a full backup", id, differs)
		}
		// A copy of a whole disk has the births of the first one. What was taken of
		// that one since is not in the ledger of this one, but may be in its store.
		if m.Server.UID != info.UID && (base.Record.Number == 0 || info.LSN == 0) {
			return store.Link{}, fmt.Errorf("backup '%s' is of server %s, this one is %s: another port or network address, "+
				"or a copy of that server, and nothing tells which: take a full backup", id, m.Server.UID, info.UID)
		}
	}
	if info.LSN != 0 && base.Checkpoints.ToLSN > info.LSN {
		return store.Link{}, fmt.Errorf("backup '%s' ends at LSN %d, the server is only at %d, so its data is not what was backed up: "+
			"take a full backup", id, base.Checkpoints.ToLSN, info.LSN)
	}
	return base, nil
}

// checkSeries refuses an incremental on a backup of before the server's upgrade:
// a tool prepares the backups of its own series alone, and so none a chain of two.
func checkSeries(base store.Link, info server.Info) error {
	was := base.ServerVersion()
	before, now := server.Series(was), server.Series(info.Version)
	if before == now || before == "" || now == "" {
		return nil
	}
	return fmt.Errorf("backup '%s' is of %s %s, and the server is %s now: no tool prepares a chain of two series: take a full backup",
		base.Record.ID, tool.ProductNames[info.Flavour], was, info.Version)
}

// CheckNotRestored refuses an incremental on a backup that was taken before
// the data directory was last restored: the server's history has forked since.
func (h *Host) CheckNotRestored(ctx context.Context, id string) error {
	base, err := h.Store.Catalog.Backup(ctx, id)
	if err != nil {
		return fmt.Errorf("read backup '%s': %w", id, err)
	}
	restored, err := h.Store.Catalog.RestoredSince(ctx, base)
	if err != nil {
		return err
	}
	if !restored.IsZero() {
		return fmt.Errorf("backup '%s' was taken before the data directory was restored on %s: take a full backup first",
			id, restored.Format(time.DateTime))
	}
	return nil
}

// ChooseForm returns how a backup is to be stored, by the configuration; nil
// for an operation whose machine, an older program's, knows one form only.
func (h *Host) ChooseForm(t Task) *store.Form {
	if !slices.Contains(t.Events, EventStream) {
		return nil
	}
	form := store.Form{Stream: h.Stream, Compression: h.Compression, Forward: h.Stream && h.Forward != ""}
	if form.Compression != "" {
		form.Level = h.CompressionLevel
	}
	return &form
}

// chooseCount returns what is counted, by the configuration; nothing for an
// operation whose machine, an older program's, has no state for that.
func (h *Host) chooseCount(t Task) CountRows {
	if !slices.Contains(t.Events, EventCount) {
		return ""
	}
	return h.CountRows
}

// form returns how the operation's backup is stored.
func (t Task) form() store.Form {
	if t.Data.Form == nil {
		return store.Form{}
	}
	return *t.Data.Form
}
