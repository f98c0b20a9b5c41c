package tool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// ask runs a program with one option and returns what it prints.
func ask(ctx context.Context, path, option string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, ToolTimeout)
	defer cancel()
	// #nosec G204 -- the program that the configuration names, or that of the system
	cmd := exec.CommandContext(ctx, path, option)
	cmd.WaitDelay = time.Second
	// XtraBackup 2.x prints its version to stderr.
	return cmd.CombinedOutput()
}

// proofs are options that every version of both tools has and that all depends
// on here; of those in one line, either will do.
var proofs = [][]string{{"target-dir"}, {"stream"}, {"extra-lsndir"}, {"incremental-lsn"},
	{"incremental-basedir", newNames["incremental-basedir"]}, {"incremental-dir", newNames["incremental-dir"]}}

// Prove asks the tool for its options: a program may bear the tool's name and
// print its version and yet be another, whose backups are not the tool's.
func (t Info) Prove(ctx context.Context) error {
	help, err := ask(ctx, t.Path, "--help")
	if exit, is := errors.AsType[*exec.ExitError](err); err != nil && !(is && exit.Exited()) {
		// It could not be started, or was killed: that says nothing of what it is.
		return fmt.Errorf("%s did not come to tell its options (--help): %w: see whether it can be run by hand", t.Path, err)
	}
	var unknown []string
	for _, either := range proofs {
		known := false
		for _, name := range either {
			known = known || bytes.Contains(help, []byte("--"+name))
		}
		if !known {
			unknown = append(unknown, "--"+either[0])
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	said := "does not know " + strings.Join(unknown, ", ")
	if err != nil {
		said = fmt.Sprintf("fails (%v) and %s", err, said)
	}
	return fmt.Errorf("%s calls itself %s %s, but its --help %s: it is another program, whose backups could not be restored: "+
		"set backup_bin to the tool itself", t.Path, t.Name, t.Version, said)
}

// scriptLimit is how much of a script is looked at, in bytes.
const scriptLimit = 64 << 10

// refuseWrapper refuses the scripts of MariaDB that take the places of
// mariadb-backup and mbstream: they let the server copy itself, by the statement
// BACKUP SERVER, know no incremental backups, and stream tar whatever they are
// asked for.
// https://github.com/MariaDB/server/tree/main/extra/mariabackup/scripts
func refuseWrapper(path, instead string) error {
	// #nosec G304 -- the program that the configuration names, or that of the system
	f, err := os.Open(path)
	if err != nil {
		// Who runs it will say why it cannot be.
		return nil
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, scriptLimit))
	if err != nil || !bytes.HasPrefix(text, []byte("#!")) || !bytes.Contains(text, []byte("BACKUP SERVER")) {
		return nil
	}
	return fmt.Errorf("%s is not the tool but a script around the server's statement BACKUP SERVER: its full backups are of another form, "+
		"it takes no incremental ones, and it streams tar; none of these can be proved, prepared or restored here: %s", path, instead)
}
