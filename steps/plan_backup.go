package steps

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// PlanBackup tells what a backup would do, and everything that stands in its
// way at once. It changes nothing.
func (h *Host) PlanBackup(ctx context.Context, args Args) Plan {
	p := &Plan{Result: "in " + h.BackupFolder(args.ID)}
	taken, err := exists(h.BackupFolder(args.ID))
	if taken {
		err = fmt.Errorf("the folder %s is there already: choose another id: %w", h.BackupFolder(args.ID), os.ErrExist)
	}
	p.look("id", err, "nothing of that name is there")
	credentials, err := h.Credentials()
	if !p.look("credentials", err, h.CredentialsFile+", user "+credentials.User) {
		return p.done()
	}
	s, err := h.connect(ctx)
	if !p.look("server", err, "it answers") {
		return p.done()
	}
	defer s.close()
	info, err := s.info(ctx)
	if err == nil {
		err = h.checkFlavour(info)
	}
	if !p.look("database", err, info.Flavour+" "+info.Version) {
		return p.done()
	}
	p.look("data directory", sameFolder(info.DataDir, h.DataDir), info.DataDir)
	granted := p.look("privileges", s.checkGrants(ctx, info, credentials.User), "the backup user has all it needs")
	if info.Flavour == MySQL && granted {
		p.look("keyring", h.checkKeyring(ctx, s, &info), "none is needed, or backup_args names it")
	}
	h.planCopy(ctx, p, args, info)
	return p.done()
}

// planCopy looks at what the copy itself needs.
func (h *Host) planCopy(ctx context.Context, p *Plan, args Args, info ServerInfo) {
	t := Task{Operation: plannedOperation, Attempt: 1, Args: args, Events: []string{EventStream}}
	t.Data.Form, t.Data.Server, t.Data.Work = h.chooseForm(t), &info, h.workFolder(t.Operation, t.Attempt)
	p.Result += ", as " + t.form().String()
	tool, err := h.tool(ctx, info.Version)
	if err == nil {
		err = tool.fits(info)
	}
	fits := p.look("tool", err, tool.Name+" "+tool.Version+", "+tool.Path)
	t.Data.Tool = &tool
	if args.FromBackupID != "" {
		_, err := h.checkBase(ctx, args.FromBackupID, info)
		p.look("base", err, "'"+args.FromBackupID+"' and what it stands on are there and fit the server's present")
	}
	data, err := dataSize(info.DataDir)
	if p.look("size", err, humanBytes(data.total)+" of data") {
		room, what := t.form().room(data.total, data.largest), "a full backup"
		if args.FromBackupID != "" {
			room, what = t.form().room(data.total-data.innodb, 0), "an incremental backup"
		}
		p.room(existing(h.BackupDir), room, what)
	}
	if !fits {
		return
	}
	command := h.copyJob
	if t.form().Stream {
		command = h.streamJob
	}
	if spec, err := command(ctx, t); p.look("command", err, "the program that will run") {
		p.Commands = []string{spec.Line()}
	}
}

// existing returns the first folder from path upwards that is there.
func existing(path string) string {
	for path != "/" {
		if there, err := exists(path); err == nil && there {
			break
		}
		path = filepath.Dir(path)
	}
	return path
}
