package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

// pretend is shell text for a tool that writes the metadata of a good backup
// within no time.
const pretend = `pretend() {
	printf 'backup_type = full-backuped\nfrom_lsn = 0\nto_lsn = 9\nlast_lsn = 9\n' >$target/xtrabackup_checkpoints
	echo "tool_name = pretender" >$target/xtrabackup_info
	printf '[mysqld]\ninnodb_page_size=16384\n' >$target/backup-my.cnf
	echo "completed OK!"
}
`

// TestToolFails lets the tool fail in every way there is, most of them after
// it has written something: the backup fails with the tool's last words, and
// nothing of it is left.
func TestToolFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	mode := filepath.Join(w.dir, "mode")
	w.useTool(pretend + `[ $doing = backup ] || exec $real "$@"
. ` + mode)
	w.start()
	for _, test := range []struct {
		name, script string
		words        []string
	}{
		{"half-way", `mkdir $target/db; echo x >$target/db/t.ibd; echo "first words" >&2; echo "Error: cannot go on" >&2; exit 1`,
			[]string{"mariabackup failed with exit code 1", "last lines of the program:", "first words\nError: cannot go on"}},
		{"after-all", `$real "$@"; echo "and then it broke" >&2; exit 27`,
			[]string{"mariabackup failed with exit code 27", "completed OK!\nand then it broke"}},
		{"silent", `exit 1`, []string{"mariabackup failed with exit code 1"}},
		{"disk-full-said", `echo "mariabackup: Error writing file 'x' (Errcode: 28 \"No space left on device\")" >&2; exit 1`,
			[]string{"the disk is full: free space or make it larger", "Errcode: 28"}},
		{"not-completed", `pretend >/dev/null; echo "I think it is done"; exit 0`,
			[]string{`mariabackup ended without saying "completed OK!"`, "I think it is done"}},
		{"completed-then-more", `pretend; echo "one more thing"; exit 0`, []string{`ended without saying "completed OK!"`, "one more thing"}},
		{"empty-checkpoints", `pretend && : >$target/xtrabackup_checkpoints`,
			[]string{"claims success, but", "xtrabackup_checkpoints is empty", "completed OK!"}},
		{"empty-info", `pretend && : >$target/xtrabackup_info`, []string{"claims success, but", "xtrabackup_info is empty", "completed OK!"}},
		{"empty-options", `pretend && : >$target/backup-my.cnf`, []string{"claims success, but", "backup-my.cnf is empty", "completed OK!"}},
		{"no-checkpoints", `pretend && rm $target/xtrabackup_checkpoints`, []string{"xtrabackup_checkpoints is missing"}},
		{"wrong-kind", `pretend && sed -i s/full-backuped/incremental/ $target/xtrabackup_checkpoints`,
			[]string{"a full backup was asked for, the tool made one of type incremental"}},
		{"nothing-written", `echo "completed OK!"`, []string{"claims success, but", "xtrabackup_checkpoints is missing"}},
	} {
		// Where the real tool's success is the script's, so is its exit code.
		if err := os.WriteFile(mode, []byte(test.script+"\nexit $?\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		v := w.failed(w.full(test.name), test.words...)
		w.toldEverywhere(v)
		if left := entries(t, w.backupDir); len(left) > 0 {
			t.Errorf("%s: left in the store: %v", test.name, left)
		}
		if jobs := entries(t, filepath.Join(w.stateDir, "jobs")); len(jobs) > 0 {
			t.Errorf("%s: job folders left: %v", test.name, jobs)
		}
	}
	if err := os.WriteFile(mode, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w.succeeded(w.full("half-way"))
	if backups, err := w.client.Backups(w.ctx()); err != nil || len(backups) != 1 {
		t.Errorf("recorded: %+v, %v", backups, err)
	}
}

// TestToolFailsOnIncremental leaves the chain it would have continued as it
// was.
func TestToolFailsOnIncremental(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.useTool(`case "$*" in
*--incremental-basedir=*) $real "$@" && sed -i 's/^from_lsn = .*/from_lsn = 1/' $target/xtrabackup_checkpoints; exit $? ;;
esac`)
	w.start()
	w.succeeded(w.full("full"))
	before := tree(t, filepath.Join(w.backupDir, "full"))
	w.failed(w.incremental("inc", "full"), "an incremental from LSN", "the tool made one of type incremental from LSN 1", "completed OK!")
	unchanged(t, filepath.Join(w.backupDir, "full"), before)
	if left := entries(t, w.backupDir); len(left) != 1 {
		t.Errorf("in the store: %v", left)
	}
}

// TestToolVanishes fails when the tool is gone between validation and its
// start.
func TestToolVanishes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	// It is gone once it has told its version and its options.
	path := fakeTool(t, w.dir, "")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Program(t, path, "#!/bin/sh\n[ \"$1\" != --help ] || rm "+path+"\n"+string(text[len("#!/bin/sh\n"):]))
	w.configure("backup_bin", path)
	w.start()
	w.toldEverywhere(w.failed(w.full("full"), "mariabackup could not be started", "no such file"))
	if left := entries(t, w.backupDir); len(left) > 0 {
		t.Errorf("left in the store: %v", left)
	}
}

// TestToolKilledTooOften gives up after its limit and says how often.
func TestToolKilledTooOften(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.useTool(`[ $doing != backup ] || { echo x >$target/part; kill -KILL $$; }`)
	w.start()
	v := w.failed(w.full("full"), "times in state copy", "given up")
	w.toldEverywhere(v)
	if v.Attempt < 2 {
		t.Errorf("given up in attempt %d", v.Attempt)
	}
	if left := entries(t, w.backupDir); len(left) > 0 {
		t.Errorf("left in the store: %v", left)
	}
}
