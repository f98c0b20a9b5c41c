package tool

import (
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"dbcalm-db-cmd/steps/server"
)

// newNames are the options that XtraBackup renamed. It warns of the old names,
// refuses both together, and will not know the old ones one day.
// https://docs.percona.com/percona-xtrabackup/8.4/release-notes/8.4.0-8.html
// https://docs.percona.com/percona-xtrabackup/9.7/release-notes/9.7.2-2.html
var newNames = map[string]string{
	"apply-log-only":      "apply-redo-only",
	"incremental-basedir": "backup-incremental-base",
	"incremental-dir":     "prepare-incremental-from-dir",
}

// option returns what this version of the tool calls an option, by its first name.
func (t Info) option(name string) string {
	if t.renamedOptions() {
		name = newNames[name]
	}
	return "--" + name
}

// release is the number that Percona counts up for one version of MySQL.
var release = regexp.MustCompile(`^\d+\.\d+\.\d+-(\d+)`)

// renamedOptions reports whether the tool goes by the new names.
func (t Info) renamedOptions() bool {
	if t.Name != toolFor[server.MySQL] {
		return false
	}
	if server.Series(t.Version) != "8.4" {
		return server.AtLeast(t.Version, 9, 7, 2)
	}
	if server.AtLeast(t.Version, 8, 4, 1) {
		return true
	}
	found := release.FindStringSubmatch(t.Version)
	if found == nil {
		return false
	}
	number, err := strconv.Atoi(found[1])
	return err == nil && number >= 8
}

// pageTracking is the option by which the server tells which pages have changed.
const pageTracking = "page-tracking"

// TracksPages reports whether the tool can be told by the server which pages have
// changed, and is not yet.
// https://docs.percona.com/percona-xtrabackup/8.0/page-tracking.html
func (t *Tool) TracksPages(tool Info) bool {
	asked := slices.ContainsFunc(t.Args, func(arg string) bool { return optionName(arg) == pageTracking })
	return tool.Name == toolFor[server.MySQL] && server.AtLeast(tool.Version, 8, 0, 27) && !asked
}

// unpacksInParallel reports whether xbstream knows --parallel: the one of the
// tool's own package does from 2.3.8 and 2.4.7 on. Nobody tells the version of
// another.
// https://docs.percona.com/percona-xtrabackup/2.4/xbstream/xbstream.html
func (t Info) unpacksInParallel(unpacker string) bool {
	if filepath.Dir(unpacker) != filepath.Dir(t.Path) {
		return false
	}
	if server.Series(t.Version) == "2.3" {
		return server.AtLeast(t.Version, 2, 3, 8)
	}
	return server.AtLeast(t.Version, 2, 4, 7)
}
