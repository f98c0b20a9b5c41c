package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/server"
)

// PlanBackup tells what a backup would do, and everything that stands in its
// way at once. It changes nothing.
func (h *Host) PlanBackup(ctx context.Context, args Args) Plan {
	p := &Plan{Result: "in " + h.Store.Folder(args.ID)}
	taken, err := disk.Exists(h.Store.Folder(args.ID))
	if taken {
		err = fmt.Errorf("the folder %s is there already: choose another id: %w", h.Store.Folder(args.ID), os.ErrExist)
	}
	p.look("id", err, "nothing of that name is there")
	credentials, err := h.Server.Credentials()
	if err == nil {
		err = h.Server.CheckToolReads()
	}
	if !p.look("credentials", err, h.Server.CredentialsFile+", user "+credentials.User) {
		return p.done()
	}
	s, err := h.Server.Connect(ctx)
	if !p.look("server", err, "it answers") {
		return p.done()
	}
	defer s.Close()
	info, err := s.Info(ctx)
	if err == nil {
		err = h.Server.CheckServer(info)
	}
	if !p.look("database", err, info.Flavour+" "+info.Version) {
		return p.done()
	}
	if p.look("data directory", h.CheckCopyable(info.DataDir), info.DataDir) {
		info.Outside, err = s.Outside(ctx, info)
		if why := h.toFolderOnly(ctx, info); err != nil {
			p.look("restore", err, "")
		} else if why != "" {
			p.Checks = append(p.Checks, Noted("restore", "to a folder only, not to database: "+why))
		} else if names := info.ComeInside(); names != "" {
			p.Checks = append(p.Checks, Noted("restore", "these tables lie outside the data directory, and a restore puts them into it: "+names))
		}
	}
	if note := info.BinlogNote(""); note != "" {
		p.Checks = append(p.Checks, Noted("binary log", note))
	}
	granted := p.look("privileges", s.CheckGrants(ctx, info, credentials.User), "the backup user has all it needs")
	if h.CountRows.On() {
		if why, err := s.Uncounted(ctx, info); err != nil {
			p.look("count_rows", err, "")
		} else if why != "" {
			p.Checks = append(p.Checks, Noted("count_rows", why))
		}
	}
	if info.Flavour == server.MySQL && granted {
		p.look("keyring", h.Tool.CheckKeyring(ctx, s, &info), "none is needed, or backup_args names it")
	}
	h.planCopy(ctx, p, args, info, s)
	return p.done()
}

// planCopy looks at what the copy itself needs.
func (h *Host) planCopy(ctx context.Context, p *Plan, args Args, info server.Info, s *server.Conn) {
	t := Task{Operation: PlannedOperation, Attempt: 1, Args: args, Events: []string{EventStream}}
	t.Data.Form, t.Data.Server, t.Data.Work = h.ChooseForm(t), &info, h.Store.WorkFolder(t.Operation, t.Attempt)
	p.Result += ", as " + t.form().String()
	tool, err := h.Tool.Find(ctx, info.Version)
	if err == nil {
		err = tool.Fits(info)
	}
	if err == nil {
		err = tool.Prove(ctx)
	}
	if err == nil && t.form().Stream {
		_, err = h.Tool.FindUnpacker(tool)
	}
	fits := p.look("tool", err, tool.Name+" "+tool.Version+", "+tool.Path)
	t.Data.Tool = &tool
	if args.FromBackupID != "" {
		base, err := h.backups().checkBase(ctx, args.FromBackupID, info)
		if err == nil {
			err = h.backups().proveCarried(ctx, info.DataDir, base)
		}
		p.look("base", err, "'"+args.FromBackupID+"' and what it stands on are there and fit the server's present")
	}
	data, err := server.DataSize(info.DataDir)
	if p.look("size", err, data.Total.String()+" of data") {
		room, what := t.form().Room(data.Total, data.Largest), "a full backup"
		if args.FromBackupID != "" {
			room, what = t.form().Room(data.Changing(), 0), "an incremental backup"
		}
		p.Room(disk.Existing(h.Store.BackupDir), room, what)
	}
	if fits && args.FromBackupID != "" && h.Tool.TracksPages(tool) && s.TracksPages(ctx) {
		p.Checks = append(p.Checks, Noted("page tracking", fmt.Sprintf("all %s are read to find what has changed; the server can tell that "+
			"(component_mysqlbackup): write --page-tracking into backup_args, and grant SELECT ON mysql.component", data.Total)))
	}
	if !fits {
		return
	}
	command := h.backups().copyJob
	if t.form().Stream {
		command = h.backups().streamJob
	}
	if spec, err := command(ctx, t); p.look("command", err, "the program that will run") {
		p.Commands = []string{spec.Line()}
	}
}

// Check is one thing that was looked at.
type Check struct {
	// About says what, OK whether it is in order.
	About string `json:"about"`
	OK    bool   `json:"ok"`
	// Note tells of one that is not in order and stands in nobody's way.
	Note bool `json:"note,omitempty"`
	// Unknown tells of one that could not be made; it is not OK.
	Unknown bool `json:"unknown,omitempty"`
	// Detail is what was found, or what is wrong and what to do.
	Detail string `json:"detail"`
}

// NewCheck returns the check of a thing that err is what is wrong with. Where
// access was refused, nothing is known of the thing itself.
func NewCheck(about string, err error, detail string) Check {
	switch {
	case err == nil:
		return Check{About: about, OK: true, Detail: detail}
	case errors.Is(err, fs.ErrPermission):
		return NotChecked(about, err.Error()+": run this as root, or as the user that the daemon runs as")
	}
	return Check{About: about, Detail: err.Error()}
}

// NotChecked returns a check that could not be made.
func NotChecked(about, why string) Check {
	return Check{About: about, Unknown: true, Detail: "not looked at: " + why}
}

// Noted returns a check of something that is worth knowing and no fault.
func Noted(about, detail string) Check { return Check{About: about, Note: true, Detail: detail} }

// look notes one thing and reports whether it is in order.
func (p *Plan) look(about string, err error, detail string) bool {
	f := Check{About: about, OK: err == nil, Detail: detail}
	if err != nil {
		f.Detail = err.Error()
	}
	p.Checks = append(p.Checks, f)
	return f.OK
}
