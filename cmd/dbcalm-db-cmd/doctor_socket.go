package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/transport/client"
	"dbcalm-db-cmd/transport/wire"
)

// runningDaemon is a daemon that has answered.
type runningDaemon = wire.Daemon

// doctorTimeout is how long a daemon may take to say who it is.
const doctorTimeout = 5 * time.Second

// socketChecks look at the sockets, at who may use them, and at who answers
// there. The daemon is nil when none says who it is; asked tells that it could
// have.
func socketChecks(
	ctx context.Context, dial func(socket string) daemon, c *config.Config, wrong map[string]bool,
) (checks []api.Check, running *runningDaemon, asked bool) {
	const about, legacy, who = "socket", "legacy socket", "daemon"
	if wrong["socket_path"] {
		return []api.Check{steps.NotChecked(about, "the configuration gives no socket_path that could be used")}, nil, false
	}
	checks = append(checks, socketCheck(about, c.SocketPath, c))
	running, err := askDaemon(ctx, dial, c.SocketPath)
	asked = !errors.Is(err, fs.ErrPermission)
	var refusal *client.Refusal
	switch {
	case !asked:
		checks = append(checks, steps.NotChecked(who, err.Error()))
	case errors.As(err, &refusal) && refusal.Code == 403:
		checks = append(checks, steps.NotChecked(who, refusal.Message))
		asked = false
	case errors.As(err, &refusal) && refusal.Code == 503:
		checks = append(checks, steps.NewCheck(who, err, ""))
	case errors.As(err, &refusal):
		checks = append(checks, steps.Noted(who, "it answers, and is of an older version that does not tell which: start it "+
			"again after an upgrade"))
	case err != nil:
		checks = append(checks, steps.NewCheck(who, err, ""))
	case running.Version != versionText():
		checks = append(checks, steps.Noted(who, fmt.Sprintf("process %d answers; its version is %s, this program's %s: start "+
			"it again after an upgrade", running.PID, running.Version, versionText())))
	default:
		checks = append(checks, steps.NewCheck(who, nil, fmt.Sprintf("process %d answers, version %s", running.PID, running.Version)))
	}
	if c.LegacySocketPath == "" || wrong["legacy_socket_path"] {
		return checks, running, asked
	}
	check := socketCheck(legacy, c.LegacySocketPath, c)
	if check.OK || check.Note {
		other, err := askDaemon(ctx, dial, c.LegacySocketPath)
		switch {
		case err != nil && !errors.As(err, &refusal):
			check = steps.NewCheck(legacy, err, "")
		case other != nil && running != nil && other.PID != running.PID:
			check = steps.NewCheck(legacy, fmt.Errorf("%s reaches process %d, and %s process %d: stop one of the two daemons, or "+
				"give it a configuration of its own", c.LegacySocketPath, other.PID, c.SocketPath, running.PID), "")
		case running == nil && other != nil:
			check = steps.NewCheck(legacy, fmt.Errorf("a daemon answers here (process %d) and not on socket_path: start it again", other.PID), "")
		}
	}
	return append(checks, check), running, asked
}

func askDaemon(ctx context.Context, dial func(socket string) daemon, socket string) (*runningDaemon, error) {
	ctx, cancel := context.WithTimeout(ctx, doctorTimeout)
	defer cancel()
	running, err := dial(socket).Daemon(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("nothing answers on %s within %s: see the daemon's log, and start it again", socket, doctorTimeout)
	}
	if err != nil {
		return nil, err
	}
	return &running, nil
}

// socketCheck looks at the file, and at the folders on the way to it.
func socketCheck(about, path string, c *config.Config) api.Check {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return steps.NewCheck(about, fmt.Errorf("%s is not there: start the daemon (systemctl start %s)", path, program), "")
	case err != nil:
		return steps.NewCheck(about, err, "")
	case info.Mode().Type() != fs.ModeSocket:
		return steps.NewCheck(about, fmt.Errorf("%s is no socket: move it away and start the daemon again", path), "")
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	if !known {
		return steps.NotChecked(about, path+" does not tell its owner")
	}
	group := disk.GroupName(int(owner.Gid))
	mode := info.Mode().Perm()
	if mode != c.SocketMode || c.SocketGroup != "" && c.SocketGroup != group && c.SocketGroup != fmt.Sprint(owner.Gid) {
		return steps.NewCheck(about, fmt.Errorf("%s has %s, and the configuration says group %s, mode %04o: start the daemon again",
			path, disk.Ownership(info), cmp.Or(c.SocketGroup, "of its own"), c.SocketMode), "")
	}
	if mode&0o006 == 0o006 {
		return steps.NewCheck(about, checkWay(path, -1),
			path+": every user may connect; the daemon answers those whom allowed_users and allowed_groups name")
	}
	if mode&0o060 != 0o060 {
		return steps.Noted(about, fmt.Sprintf("%s: only root and %s may connect: set socket_mode to \"0660\" and socket_group "+
			"to a group of the API server's user", path, disk.UserName(int(owner.Uid))))
	}
	if owner.Gid == 0 {
		return steps.Noted(about, path+": only root and members of group "+group+" may connect: set socket_group to a group of "+
			"the API server's user")
	}
	if err := checkWay(path, int(owner.Gid)); err != nil {
		return steps.NewCheck(about, err, "")
	}
	return steps.NewCheck(about, nil, fmt.Sprintf("%s: %s and members of group %s may connect", path, disk.UserName(int(owner.Uid)), group))
}

// checkWay refuses a folder on the way to a socket that members of its group
// may not pass; -1 stands for everybody.
func checkWay(path string, gid int) error {
	folder, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return err
	}
	const groupPasses, othersPass = 0o010, 0o001
	for ; ; folder = filepath.Dir(folder) {
		info, err := os.Stat(folder)
		if err != nil {
			return err
		}
		owner, known := info.Sys().(*syscall.Stat_t)
		need, who := fs.FileMode(othersPass), "other users"
		if gid >= 0 {
			who = "members of group " + disk.GroupName(gid)
		}
		if known && int(owner.Gid) == gid {
			need = groupPasses
		}
		if info.Mode().Perm()&need == 0 {
			way := "chmod o+x " + folder
			if gid >= 0 {
				way = fmt.Sprintf("chgrp %s %s and chmod g+x %s", disk.GroupName(gid), folder, folder)
			}
			return fmt.Errorf("%s may not pass the folder %s (%s) to reach %s: %s", who, folder, disk.Ownership(info), path, way)
		}
		if folder == "/" {
			return nil
		}
	}
}
