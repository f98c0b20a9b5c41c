package tool

import (
	"os"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/testkit"
	xtrabackuptest "dbcalm-db-cmd/steps/testkit/xtrabackup"
)

// wrapper is the beginning of the scripts that MariaDB's source has for those who
// want to try BACKUP SERVER.
const wrapper = `# a BACKUP SERVER wrapper
echo "mariadb-backup based on MariaDB server 13.1.0-MariaDB Linux (x86_64)"
`

func TestWrapperOfBackupServerIsRefused(t *testing.T) {
	h := newTool(t)
	h.Server.DBType, h.Bin = server.MariaDB, h.Script("mariadb-backup", wrapper)
	_, err := h.Find(t.Context(), "")
	const of = " is not the tool but a script around the server's statement BACKUP SERVER: its full backups are of another form, " +
		"it takes no incremental ones, and it streams tar; none of these can be proved, prepared or restored here: "
	testkit.Says(t, err, h.Bin+of+"set backup_bin to mariadb-backup itself")
	// By whatever name it is found.
	link := filepath.Join(h.Dir, "link")
	h.Must(os.Symlink(h.Bin, link))
	h.Bin = link
	_, err = h.Find(t.Context(), "")
	testkit.Says(t, err, link+of)
	// Its companion, which unpacks tar.
	unpacker := h.Script("mbstream", "# mbstream-compatible for the BACKUP SERVER wrapper\n")
	_, err = h.FindUnpacker(Info{Name: "mariabackup", Path: filepath.Join(h.Dir, "mariabackup")})
	testkit.Says(t, err, unpacker+of+"put mbstream itself in its place")
	// A script that runs the tool is nobody's business.
	h.Bin = h.Script("nice", `exec nice echo "mariabackup based on MariaDB server 10.6.18-MariaDB"`+"\n")
	if _, err := h.Find(t.Context(), ""); err != nil {
		t.Error(err)
	}
}

func TestToolIsProvedByItsOptions(t *testing.T) {
	t.Parallel()
	h := newTool(t)
	for name, test := range map[string]struct{ script, want string }{
		"old names": {testkit.ToolHelp, ""},
		"new names": {`echo "--target-dir --stream=name --extra-lsndir=name --incremental-lsn=name --backup-incremental-base=name ` +
			`--prepare-incremental-from-dir=name"`, ""},
		"no incremental backups": {`echo "--target-dir --stream=name --extra-lsndir=name"`,
			"calls itself mariabackup 13.1, but its --help does not know --incremental-lsn, --incremental-basedir, --incremental-dir: " +
				"it is another program, whose backups could not be restored: set backup_bin to the tool itself"},
		"no help": {`echo "--target-dir required" >&2; exit 1`,
			"but its --help fails (exit status 1) and does not know --stream, --extra-lsndir, --incremental-lsn, "},
		"killed": {`kill -KILL $$`, "did not come to tell its options (--help): signal: killed: see whether it can be run by hand"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			info := Info{Path: h.Script(filepath.Base(t.Name()), test.script+"\n"), Name: "mariabackup", Version: "13.1"}
			err := info.Prove(t.Context())
			if test.want != "" {
				testkit.Says(t, err, info.Path, test.want)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRealToolsAreProved(t *testing.T) {
	t.Parallel()
	testkit.NeedsServer(t)
	path, err := FindTool(server.MariaDB)
	if err != nil {
		t.Fatal(err)
	}
	programs := []string{path}
	for _, v := range xtrabackuptest.Versions {
		programs = append(programs, xtrabackuptest.Install(t, v.Tool))
	}
	for _, path := range programs {
		if err := (Info{Path: path}).Prove(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
