package steps

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// ToolInfo is what the backup tool says of itself.
type ToolInfo struct {
	Path string `json:"path"`
	// Name is mariabackup or xtrabackup.
	Name    string `json:"name"`
	Version string `json:"version"`
}

// toolNames are the names a tool is installed under, the preferred one first.
var toolNames = map[string][]string{
	MariaDB: {"mariadb-backup", "mariabackup"},
	MySQL:   {"xtrabackup"},
}

// toolPackages say what to install.
var toolPackages = map[string]string{
	MariaDB: "install the package mariadb-backup",
	MySQL:   "install Percona XtraBackup of the server's series",
}

// toolTimeout bounds the question for the tool's version.
const toolTimeout = 10 * time.Second

// FindTool returns the path of the backup tool for a kind of database, looked
// up on PATH, or an error that says what to install.
func FindTool(dbType string) (string, error) {
	for _, name := range toolNames[dbType] {
		if path, err := exec.LookPath(name); err == nil {
			return filepath.Abs(path)
		}
	}
	return "", fmt.Errorf("no %s on PATH: %s, or set backup_bin", strings.Join(toolNames[dbType], " or "), toolPackages[dbType])
}

var (
	// The tools print "mariabackup based on MariaDB server 10.11.19-MariaDB …",
	// whose first word is the name it was called by, and "xtrabackup version
	// 8.0.35-31 based on MySQL server 8.0.35 …".
	mariabackupBanner = regexp.MustCompile(`(?i)\bbased on MariaDB server (\S+)`)
	xtrabackupBanner  = regexp.MustCompile(`(?i)xtrabackup version (\S+)`)
)

// tool finds the tool and asks it who it is, rather than trust its name.
func (h *Host) tool(ctx context.Context) (ToolInfo, error) {
	path := h.BackupBin
	if path == "" {
		var err error
		if path, err = FindTool(h.DBType); err != nil {
			return ToolInfo{}, err
		}
	}
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		return ToolInfo{}, fmt.Errorf("the backup tool %s is not there: %s, or correct backup_bin", path, toolPackages[h.DBType])
	}
	ctx, cancel := context.WithTimeout(ctx, toolTimeout)
	defer cancel()
	// XtraBackup 2.x prints its version to stderr.
	cmd := exec.CommandContext(ctx, path, "--version")
	cmd.WaitDelay = time.Second
	banner, err := cmd.CombinedOutput()
	if err != nil {
		return ToolInfo{}, fmt.Errorf("ask %s for its version: %w", path, err)
	}
	info := ToolInfo{Path: path}
	if match := mariabackupBanner.FindSubmatch(banner); match != nil {
		info.Name, info.Version = "mariabackup", string(match[1])
	} else if match := xtrabackupBanner.FindSubmatch(banner); match != nil {
		info.Name, info.Version = "xtrabackup", string(match[1])
	} else {
		return info, fmt.Errorf("%s is neither mariabackup nor xtrabackup: %q; correct backup_bin", path, firstLine(string(banner)))
	}
	if want := map[string]string{MariaDB: "mariabackup", MySQL: "xtrabackup"}[h.DBType]; info.Name != want {
		return info, fmt.Errorf("%s is %s, which cannot back up %s: %s, or correct backup_bin or db_type", path, info.Name, h.DBType, toolPackages[h.DBType])
	}
	return info, nil
}

// fits refuses a tool of another series than the server's, whose files it may
// misread without a word.
func (t ToolInfo) fits(serverVersion string) error {
	want := series(serverVersion)
	if t.Name == "xtrabackup" {
		fit, known := xtrabackupSeries[want]
		if !known {
			fit = []string{want}
		}
		if !slices.Contains(fit, series(t.Version)) {
			return fmt.Errorf("xtrabackup %s does not fit MySQL %s: install Percona XtraBackup %s", t.Version, serverVersion, strings.Join(fit, " or "))
		}
		return nil
	}
	if series(t.Version) != want {
		return fmt.Errorf("mariabackup %s does not fit MariaDB %s: install mariadb-backup %s from the same source as the server", t.Version, serverVersion, want)
	}
	return nil
}

// xtrabackupSeries are the tool's series for the server's series that are not
// called the same.
var xtrabackupSeries = map[string][]string{"5.6": {"2.3", "2.4"}, "5.7": {"2.4"}}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if len(line) > 200 {
		line = line[:200] + "…"
	}
	return line
}
