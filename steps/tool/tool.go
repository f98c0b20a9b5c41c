package tool

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
)

// Info is what the backup tool says of itself.
type Info struct {
	Path string `json:"path"`
	// Name is mariabackup or xtrabackup.
	Name    string `json:"name"`
	Version string `json:"version"`
}

// names are those that a tool is installed under, the preferred one first.
var names = map[string][]string{
	server.MariaDB: {"mariadb-backup", "mariabackup"},
	server.MySQL:   {"xtrabackup"},
}

// Names returns the names that the tool for a kind of server is installed under,
// the preferred one first.
func Names(dbType string) []string { return names[dbType] }

// toolFor is what the tool for a kind of server calls itself.
var toolFor = map[string]string{server.MariaDB: "mariabackup", server.MySQL: "xtrabackup"}

// ToolTimeout bounds the question for the tool's version.
const ToolTimeout = 10 * time.Second

// FindTool returns the path of the backup tool for a kind of database, looked
// up on PATH.
func FindTool(dbType string) (string, error) {
	for _, name := range Names(dbType) {
		if path, err := exec.LookPath(name); err == nil {
			return filepath.Abs(path)
		}
	}
	return "", fmt.Errorf("no %s on PATH", strings.Join(Names(dbType), " or "))
}

var (
	// The tools print "mariabackup based on MariaDB server 10.11.19-MariaDB …",
	// whose first word is the name it was called by, and "xtrabackup version
	// 8.0.35-31 based on MySQL server 8.0.35 …".
	mariabackupBanner = regexp.MustCompile(`(?i)\bbased on MariaDB server (\S+)`)
	XtrabackupBanner  = regexp.MustCompile(`(?i)xtrabackup version (\S+)`)
)

// Find finds the tool and asks it who it is, rather than trust its name. The
// version is that of the server it is for, empty where that is not known.
func (t *Tool) Find(ctx context.Context, version string) (Info, error) {
	advice := toolAdvice(t.Server.DBType, version)
	path := t.Bin
	if path == "" {
		var err error
		if path, err = FindTool(t.Server.DBType); err != nil {
			return Info{}, fmt.Errorf("%w: %s, or set backup_bin", err, advice)
		}
	}
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		return Info{}, fmt.Errorf("the backup tool %s is not there: %s, or correct backup_bin", path, advice)
	}
	if err := refuseWrapper(path, "set backup_bin to mariadb-backup itself"); err != nil {
		return Info{}, err
	}
	banner, err := ask(ctx, path, "--version")
	if err != nil {
		return Info{}, fmt.Errorf("ask %s for its version: %w", path, err)
	}
	info := Info{Path: path}
	if match := mariabackupBanner.FindSubmatch(banner); match != nil {
		info.Name, info.Version = "mariabackup", string(match[1])
	} else if match := XtrabackupBanner.FindSubmatch(banner); match != nil {
		info.Name, info.Version = "xtrabackup", string(match[1])
	} else {
		return info, fmt.Errorf("%s is neither mariabackup nor xtrabackup: %q; correct backup_bin", path, FirstLine(string(banner)))
	}
	if info.Name != toolFor[t.Server.DBType] {
		return info, fmt.Errorf("%s is %s %s, which cannot back up %s: %s, or correct backup_bin or db_type", path, info.Name, info.Version,
			strings.TrimSpace(ProductNames[t.Server.DBType]+" "+version), advice)
	}
	return info, nil
}

func FirstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if len(line) > 200 {
		line = line[:200] + "…"
	}
	return line
}
