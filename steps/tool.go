package steps

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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

// toolFor is what the tool for a kind of server calls itself.
var toolFor = map[string]string{MariaDB: "mariabackup", MySQL: "xtrabackup"}

// toolTimeout bounds the question for the tool's version.
const toolTimeout = 10 * time.Second

// findTool returns the path of the backup tool for a kind of database, looked
// up on PATH.
func findTool(dbType string) (string, error) {
	for _, name := range toolNames[dbType] {
		if path, err := exec.LookPath(name); err == nil {
			return filepath.Abs(path)
		}
	}
	return "", fmt.Errorf("no %s on PATH", strings.Join(toolNames[dbType], " or "))
}

var (
	// The tools print "mariabackup based on MariaDB server 10.11.19-MariaDB …",
	// whose first word is the name it was called by, and "xtrabackup version
	// 8.0.35-31 based on MySQL server 8.0.35 …".
	mariabackupBanner = regexp.MustCompile(`(?i)\bbased on MariaDB server (\S+)`)
	xtrabackupBanner  = regexp.MustCompile(`(?i)xtrabackup version (\S+)`)
)

// tool finds the tool and asks it who it is, rather than trust its name. The
// version is that of the server it is for, empty where that is not known.
func (h *Host) tool(ctx context.Context, version string) (ToolInfo, error) {
	advice := toolAdvice(h.DBType, version)
	path := h.BackupBin
	if path == "" {
		var err error
		if path, err = findTool(h.DBType); err != nil {
			return ToolInfo{}, fmt.Errorf("%w: %s, or set backup_bin", err, advice)
		}
	}
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		return ToolInfo{}, fmt.Errorf("the backup tool %s is not there: %s, or correct backup_bin", path, advice)
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
	if info.Name != toolFor[h.DBType] {
		return info, fmt.Errorf("%s is %s %s, which cannot back up %s: %s, or correct backup_bin or db_type", path, info.Name, info.Version,
			strings.TrimSpace(productNames[h.DBType]+" "+version), advice)
	}
	return info, nil
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if len(line) > 200 {
		line = line[:200] + "…"
	}
	return line
}

// WithPrograms returns an operation's data with the programs that the
// configuration names now in place of those it began with: what is run comes from
// there, never from a row.
func (h *Host) WithPrograms(d Data) (Data, error) {
	var err error
	if d.Tool != nil {
		tool := *d.Tool
		if tool.Path = h.BackupBin; tool.Path == "" {
			if tool.Path, err = findTool(h.DBType); err != nil {
				return d, fmt.Errorf("find the backup tool again: %w", err)
			}
		}
		d.Tool = &tool
		if d.Unpacker != "" {
			if d.Unpacker, err = h.findUnpacker(tool); err != nil {
				return d, err
			}
		}
	}
	if d.ServerProgram != nil {
		server := *d.ServerProgram
		if server.Path = h.ServerBin; server.Path == "" {
			if server.Path, err = FindServer(h.DBType); err != nil {
				return d, err
			}
		}
		d.ServerProgram = &server
	}
	return d, nil
}
