package boot

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/tool"
)

// serverArgs make the server a private one: no option file but ours, no
// network, no accounts, nothing that works by itself, no file outside the
// stage. What not every version knows is given as loose.
func (e Examination) serverArgs(more ...string) ([]string, error) {
	stage, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("start server: %w", err)
	}
	args := []string{"--defaults-file=" + filepath.Join(stage, serverOptions)}
	// Started by root, a server runs as root only when told to.
	if os.Geteuid() == 0 {
		args = append(args, "--user=root")
	}
	for _, option := range e.Options {
		if err := server.CheckProgramOption(option); err != nil {
			return nil, fmt.Errorf("start server: %w", err)
		}
		args = append(args, "--"+option)
	}
	args = append(args,
		"--datadir="+e.Folder,
		// Relative to the data directory, where the server works.
		"--socket="+filepath.Join("..", serverSocket),
		"--pid-file="+filepath.Join(stage, "server.pid"),
		"--tmpdir="+filepath.Join(stage, serverTemp),
		// MySQL does not start where the folder that it was built with is not there.
		"--secure-file-priv="+filepath.Join(stage, serverTemp),
		fmt.Sprintf("--lower-case-table-names=%d", e.LowerCaseTables),
		fmt.Sprintf("--innodb-buffer-pool-size=%d", e.UseMemory),
		"--innodb-data-home-dir=", "--innodb-log-group-home-dir=./", "--loose-innodb-undo-directory=./",
		// Larger, it would take room on the disk for nothing.
		"--loose-innodb-log-file-size=32M",
		"--loose-innodb-use-native-aio=OFF",
		"--loose-innodb-buffer-pool-load-at-startup=OFF", "--loose-innodb-buffer-pool-dump-at-shutdown=OFF",
		"--skip-networking", "--loose-mysqlx=OFF",
		"--skip-grant-tables", "--loose-skip-symbolic-links", "--skip-log-bin",
		"--event-scheduler=DISABLED", "--loose-skip-slave-start", "--loose-skip-replica-start", "--loose-wsrep-on=OFF",
		"--loose-persisted-globals-load=OFF", "--performance-schema=OFF",
	)
	return append(args, more...), nil
}

// elsewhereOptions are left out of the backup's settings: they name folders of
// the server that was backed up, or room for what nobody writes here.
var elsewhereOptions = []string{"innodb-undo-directory", "innodb-data-home-dir", "innodb-log-group-home-dir", "innodb-log-file-size",
	"innodb-log-files-in-group", "innodb-buffer-pool-filename", "datadir", "socket", "pid-file", "tmpdir", "server-id"}

// writeServerOptions makes the server's option file from the one in the
// backup, without which it would not find its way in the files: the size of
// their pages, the files of the system tablespace, a plugin for encryption.
// They may hold a secret, and command lines are for everybody to read.
func writeServerOptions(from, to string) error {
	text, err := disk.ReadSmall(filepath.Dir(from), filepath.Base(from), tool.MaxMetadata)
	if err != nil {
		return fmt.Errorf("read the backup's settings: %w", err)
	}
	var b strings.Builder
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		key, value, _ := strings.Cut(line, "=")
		key = strings.ReplaceAll(strings.TrimSpace(key), "_", "-")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			fmt.Fprintln(&b, line)
		case isElsewhere(key):
		case key == "innodb-data-file-path":
			fmt.Fprintf(&b, "%s=%s\n", key, withoutFolders(value))
		default:
			// The tool notes down more than a server knows.
			fmt.Fprintln(&b, "loose-"+line)
		}
	}
	if err := os.WriteFile(to, []byte(b.String()), 0o600); err != nil {
		return fmt.Errorf("write the server's settings: %w", err)
	}
	return nil
}

func isElsewhere(key string) bool {
	for _, option := range elsewhereOptions {
		if key == option {
			return true
		}
	}
	return false
}

// withoutFolders takes the folders off the names of the system tablespace's
// files ("/disk/ibdata1:12M;ibdata2:1G:autoextend"): the tool puts all of them
// into one.
func withoutFolders(files string) string {
	list := strings.Split(strings.TrimSpace(files), ";")
	for i, file := range list {
		list[i] = file[strings.LastIndexByte(file, '/')+1:]
	}
	return strings.Join(list, ";")
}
