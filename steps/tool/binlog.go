package tool

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/server"
)

// binlogPosition is how the tools write where the binary log was, into their info
// file. XtraBackup's GTID sets go over several lines.
var (
	binlogLine     = regexp.MustCompile(`(?m)^binlog_pos =[ \t]*(\S?)`)
	binlogPosition = regexp.MustCompile(`(?m)^binlog_pos = filename '([^']*)', position '([0-9]+)'(?:, GTID of the last change '([^']*)')?`)
)

// ReadBinlog reads from a backup's folder where the server's binary log was when
// the backup was taken; nil for a server that had none.
func ReadBinlog(folder string) (*server.Position, error) {
	for _, name := range InfoNames {
		text, err := disk.ReadSmall(folder, name, MaxMetadata)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read metadata: %w", err)
		}
		p, err := parseBinlog(string(text))
		if err != nil {
			return nil, fmt.Errorf("read metadata %s: %w", name, err)
		}
		return p, nil
	}
	return nil, fmt.Errorf("read metadata: %s is missing", InfoNames[0])
}

func parseBinlog(text string) (*server.Position, error) {
	if line := binlogLine.FindStringSubmatch(text); line == nil || line[1] == "" {
		return nil, nil
	}
	found := binlogPosition.FindStringSubmatch(text)
	if found == nil {
		return nil, errors.New("its binlog_pos is not to be understood")
	}
	offset, err := strconv.ParseUint(found[2], 10, 64)
	if err != nil {
		return nil, fmt.Errorf("its binlog_pos: %w", err)
	}
	p := server.Position{File: found[1], Offset: offset, GTID: strings.NewReplacer("\n", "", "\r", "", " ", "").Replace(found[3])}
	return &p, p.Check()
}
