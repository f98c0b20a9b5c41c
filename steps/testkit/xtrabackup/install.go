package xtrabackuptest

import (
	"fmt"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

// Version is one the stand-in can be.
type Version struct {
	// Tool is the version of XtraBackup, Server one of a MySQL it fits.
	Tool, Server string
}

// Versions are one of each series, the oldest first; of the two oldest ones whose
// xbstream has no --parallel. The server's are as long as
// distributions make them, so that there is room to put MariaDB's in.
var Versions = []Version{
	{"2.3.7", "5.6.51-0ubuntu0.14.04.1"},
	{"2.4.6", "5.7.44-0ubuntu0.18.04.1"},
	{"8.0.35-31", "8.0.35-0ubuntu0.22.04.1"},
	{"8.4.0-1", "8.4.3-0ubuntu0.24.04.1"},
	{"9.7.2-2", "9.7.2-0ubuntu0.26.04.1"},
}

// Further are versions that differ from those in what they know.
var Further = []Version{
	{"2.3.0", "5.6.51-0ubuntu0.14.04.1"},
	{"2.3.10", "5.6.51-0ubuntu0.14.04.1"},
	{"2.4.7", "5.6.51-0ubuntu0.14.04.1"},
	{"2.4.29", "5.7.44-0ubuntu0.18.04.1"},
	{"8.0.13", "8.0.13-0ubuntu0.18.04.1"},
	{"8.4.0-8", "8.4.3-0ubuntu0.24.04.1"},
	{"9.7.1-1", "9.7.2-0ubuntu0.26.04.1"},
}

// OnlyParse is what a stand-in has in its environment that is to judge its
// command line and do nothing.
const OnlyParse = "XTRABACKUP_STANDIN_ONLY_PARSE=1"

// Install puts a stand-in of a version into a folder of the test's and returns
// its path. A short run leaves the test out: building the stand-in takes a
// while, and it needs MariaDB's tools.
func Install(t testing.TB, tool string) string {
	t.Helper()
	testkit.NeedsServer(t)
	program := testkit.Build(t, "standin", "dbcalm-db-cmd/steps/testkit/xtrabackup/standin", "build", "-buildvcs=false")
	dir := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\nXTRABACKUP_STANDIN=%s XTRABACKUP_STANDIN_DIR='%s' exec %s \"$@\"\n", tool, dir, program)
	// Its companion, which unpacks streams.
	testkit.Program(t, filepath.Join(dir, "xbstream"), unpackScript(tool))
	return testkit.Program(t, filepath.Join(dir, "xtrabackup"), script)
}

// unpackScript takes what we need of xbstream's command line and nothing else.
// Those of 2.3.8 and 2.4.7 are the first that know --parallel.
// https://docs.percona.com/percona-xtrabackup/2.4/xbstream/xbstream.html
func unpackScript(tool string) string {
	parallel := `exec mbstream -x -C "$3" -p "${4#--parallel=}"`
	var major, minor, patch int
	_, _ = fmt.Sscanf(tool, "%d.%d.%d", &major, &minor, &patch)
	if major == 2 && (minor == 3 && patch < 8 || minor == 4 && patch < 7) {
		parallel = `echo "xbstream: unknown variable '${4#--}'" >&2; exit 1`
	}
	return `#!/bin/sh
if [ $# -eq 3 ] && [ "$1" = -x ] && [ "$2" = -C ]; then
	exec mbstream -x -C "$3"
fi
if [ $# -ne 4 ] || [ "$1" != -x ] || [ "$2" != -C ] || [ "${4#--parallel=}" = "$4" ]; then
	echo "xbstream: unknown command line: $*" >&2
	exit 1
fi
` + parallel + "\n"
}
