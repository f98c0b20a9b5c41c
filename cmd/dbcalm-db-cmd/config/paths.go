package config

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
)

// paths checks that every path is absolute, and that nothing lies where
// another part of the system would copy, swap or delete it.
func (v *validation) paths() {
	c := v.Config
	if v.require("backup_dir", "/var/backups/dbcalm") {
		v.absolute("backup_dir", c.BackupDir, "/var/backups/dbcalm")
	}
	v.absolute("backup_credentials_file", c.BackupCredentialsFile, "/etc/dbcalm/credentials.cnf")
	v.absolute("data_dir", c.DataDir, "/var/lib/mysql")
	v.absolute("database_path", c.DatabasePath, "/var/lib/dbcalm/db.sqlite3")
	v.absolute("state_dir", c.StateDir, "/var/lib/dbcalm-db-cmd")
	if c.ServerDefaultsFile != "" {
		v.absolute("server_defaults_file", c.ServerDefaultsFile, "/etc/mysql/my.cnf")
	}
	if strings.Contains(c.BackupBin, "/") {
		v.absolute("backup_bin", c.BackupBin, "/usr/bin/mariadb-backup")
	}
	if strings.Contains(c.ServerBin, "/") {
		v.absolute("server_bin", c.ServerBin, "/usr/sbin/mariadbd")
	}

	v.apart("backup_dir", c.BackupDir, "data_dir", c.DataDir)
	for _, outer := range []struct{ key, path string }{{"backup_dir", c.BackupDir}, {"data_dir", c.DataDir}} {
		v.outside("state_dir", c.StateDir, outer.key, outer.path)
		v.outside("database_path", c.DatabasePath, outer.key, outer.path)
	}
}

func (v *validation) absolute(key, path, example string) {
	if !filepath.IsAbs(path) {
		v.complain(key, "give an absolute path, such as %s", example)
	}
}

func (v *validation) apart(key, path, otherKey, other string) {
	if !filepath.IsAbs(path) || !filepath.IsAbs(other) {
		return
	}
	if within(other, path) {
		v.complain(key, "must not lie inside %s (%s): choose a folder elsewhere", otherKey, other)
	} else if within(path, other) {
		v.complain(key, "must not hold %s (%s): choose a folder elsewhere", otherKey, other)
	}
}

func (v *validation) outside(key, path, outerKey, outer string) {
	if filepath.IsAbs(path) && filepath.IsAbs(outer) && within(outer, path) {
		v.complain(key, "must not lie inside %s (%s): choose a path elsewhere", outerKey, outer)
	}
}

// within reports whether path is outer or lies below it, symbolic links
// followed.
func within(outer, path string) bool {
	relative, err := filepath.Rel(realPath(outer), realPath(path))
	return err == nil && relative != ".." && !strings.HasPrefix(relative, "../")
}

// realPath follows the symbolic links of that part of a path that exists.
func realPath(path string) string {
	resolved, err := filepath.EvalSymlinks(path)
	if err == nil {
		return resolved
	}
	parent := filepath.Dir(path)
	if parent == path || !errors.Is(err, fs.ErrNotExist) {
		return path
	}
	return filepath.Join(realPath(parent), filepath.Base(path))
}

func (v *validation) socket() {
	c := v.Config
	v.socketPath("socket_path", c.SocketPath, "/var/run/dbcalm/db-cmd.sock")
	if c.LegacySocketPath != "" {
		v.socketPath("legacy_socket_path", c.LegacySocketPath, "/var/run/dbcalm/mariadb-cmd.sock")
		if c.LegacySocketPath == c.SocketPath {
			v.complain("legacy_socket_path", `the same as socket_path: give another path, or "" for none`)
		}
	}
	const owner, others = 0o600, 0o006
	if c.SocketMode&owner != owner {
		v.complain("socket_mode", `the daemon's own user needs read and write: write "0660"`)
	}
	if c.SocketMode&others != 0 {
		v.warn("socket_mode", "%04o lets every user of this machine connect; whom neither allowed_users nor allowed_groups names is refused",
			uint32(c.SocketMode))
	}
	if c.SocketGroup != "" && !v.host.Group(c.SocketGroup) {
		v.complain("socket_group", "no such group: create it, or name one that exists")
	}
}

func (v *validation) socketPath(key, path, example string) {
	v.absolute(key, path, example)
	if len(path) > maxSocketPath {
		v.complain(key, "%d bytes long: give a path of at most %d", len(path), maxSocketPath)
	}
}
