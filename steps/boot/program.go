package boot

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/tool"
)

// Program is a database server's program as it presents itself.
type Program struct {
	Path string `json:"path"`
	// Flavour is MariaDB or MySQL.
	Flavour string `json:"flavour"`
	Version string `json:"version"`
}

// serverPackages say what to install.
var serverPackages = map[string]string{
	server.MariaDB: "install the package mariadb-server-core of the backup's series",
	server.MySQL:   "install the MySQL server of the backup's series",
}

// serverFolder is searched after PATH, which need not have it.
const serverFolder = "/usr/sbin"

// Find returns the path of the server's program for a kind of database,
// on PATH or where packages put it, or an error that says what to install.
func Find(dbType string) (string, error) {
	for _, name := range server.Names(dbType) {
		for _, candidate := range []string{name, filepath.Join(serverFolder, name)} {
			if path, err := exec.LookPath(candidate); err == nil {
				return filepath.Abs(path)
			}
		}
	}
	return "", fmt.Errorf("no %s on PATH or in %s, to boot the backup on: %s, or set server_bin, or verify at level prepare",
		strings.Join(server.Names(dbType), " or "), serverFolder, serverPackages[dbType])
}

// serverBanner matches "mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for …".
var serverBanner = regexp.MustCompile(`(?i)\bVer (\d+\.\d+\S*)`)

// FindProgram finds the server's program, unless a path is given, and
// asks it who it is.
func FindProgram(ctx context.Context, path, dbType string) (Program, error) {
	if path == "" {
		var err error
		if path, err = Find(dbType); err != nil {
			return Program{}, err
		}
	}
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		return Program{}, fmt.Errorf("the server's program %s is not there, to boot the backup on: %s, or correct server_bin, "+
			"or verify at level prepare", path, serverPackages[dbType])
	}
	ctx, cancel := context.WithTimeout(ctx, tool.ToolTimeout)
	defer cancel()
	// The first option keeps a broken option file of the machine out of it.
	cmd := exec.CommandContext(ctx, path, "--no-defaults", "--version")
	cmd.WaitDelay = time.Second
	banner, err := cmd.CombinedOutput()
	if err != nil {
		return Program{}, fmt.Errorf("ask %s for its version: %w", path, err)
	}
	match := serverBanner.FindSubmatch(banner)
	if match == nil {
		return Program{}, fmt.Errorf("%s does not present itself as a server: %q; correct server_bin", path, tool.FirstLine(string(banner)))
	}
	program := Program{Path: path, Flavour: server.FlavourOf(string(banner)), Version: string(match[1])}
	if program.Flavour != dbType {
		return program, fmt.Errorf("%s is a server of %s, and the backups are of %s: %s, or correct server_bin or db_type",
			path, program.Flavour, dbType, serverPackages[dbType])
	}
	return program, nil
}

// Fits refuses a server of another series than the backup's: it would change
// the data, or refuse it for no fault of the backup.
func (p Program) Fits(l store.Link) error {
	version := l.ServerVersion()
	if version == "" {
		return fmt.Errorf("backup '%s' does not tell its server's version; verify at level prepare", l.Record.ID)
	}
	if want := server.Series(version); server.Series(p.Version) != want {
		return fmt.Errorf("backup '%s' is of a server %s and cannot be booted on %s %s: "+
			"install a server of the series %s and set server_bin to its program, or verify at level prepare",
			l.Record.ID, version, p.Path, p.Version, want)
	}
	return nil
}
