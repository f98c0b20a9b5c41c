package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// The redo log of a backup, as mariabackup and as XtraBackup call it.
const (
	workerLog = "ib_logfile0"
	ownLog    = "xtrabackup_logfile"
)

const (
	checkpointsFile = "xtrabackup_checkpoints"
	infoFile        = "xtrabackup_info"
)

// The states of a backup.
const (
	logApplied   = "log-applied"
	fullPrepared = "full-prepared"
)

// readCheckpoints returns the values of a backup's checkpoints.
func readCheckpoints(folder string) (map[string]string, error) {
	path := filepath.Join(folder, checkpointsFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot open %s", path)
	}
	values := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if key, value, found := strings.Cut(line, " = "); found {
			values[key] = strings.TrimSpace(value)
		}
	}
	if values["backup_type"] == "" || values["to_lsn"] == "" {
		return nil, fmt.Errorf("failed to read metadata from %s", path)
	}
	return values, nil
}

// setCheckpoint changes one value of a backup's checkpoints.
func setCheckpoint(folder, key, value string) error {
	path := filepath.Join(folder, checkpointsFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	line := regexp.MustCompile(`(?m)^` + key + ` = .*$`)
	return os.WriteFile(path, line.ReplaceAll(text, []byte(key+" = "+value)), 0o640)
}

// rename makes the metadata of a backup this version's.
func (v version) rename(folder, server string) error {
	values, err := readCheckpoints(folder)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("backup_type = %s\nfrom_lsn = %s\nto_lsn = %s\nlast_lsn = %s\n",
		values["backup_type"], values["from_lsn"], values["to_lsn"], values["last_lsn"])
	if v.modern() {
		text += fmt.Sprintf("flushed_lsn = %s\nredo_memory = 0\nredo_frames = 0\n", values["last_lsn"])
	} else {
		text += "compact = 0\nrecover_binlog_info = 0\n"
	}
	if err := os.WriteFile(filepath.Join(folder, checkpointsFile), []byte(text), 0o640); err != nil {
		return err
	}
	path := filepath.Join(folder, infoFile)
	info, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for key, value := range map[string]string{
		"tool_name": "xtrabackup", "tool_version": v.full, "ibbackup_version": v.full, "server_version": server,
	} {
		info = regexp.MustCompile(`(?m)^`+key+` = .*$`).ReplaceAll(info, []byte(key+" = "+value))
	}
	if v.age == v97 {
		// https://docs.percona.com/percona-xtrabackup/9.7/release-notes/9.7.1-rc1.html
		info = append(info, "backup_size = 1048576\n"...)
	}
	return os.WriteFile(path, info, 0o640)
}
