package boot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"dbcalm-db-cmd/steps/tool"
)

// Examination is a private server to be started on a prepared folder, which
// says whether the data can be used: it runs, every table passes CHECK TABLE,
// it stops. Nobody else can reach it.
type Examination struct {
	// Folder is the prepared folder, an absolute path. What the server needs
	// beside its data goes beside the folder.
	Folder string
	// Server is the path of the server's program.
	Server string
	// UseMemory is the size of its buffer pool in bytes.
	UseMemory uint64
	// Parallel is the number of tables checked at a time.
	Parallel int
	// Backup is the folder of the backup that it was prepared from; empty for one
	// of which nothing is known. What was broken on the server it was taken of is
	// not held against it.
	Backup string
	// LowerCaseTables is its variable lower_case_table_names.
	LowerCaseTables int
	// Options are those by which it finds files of its program, as
	// server.ProgramOptions returns them.
	Options []string

	// user and password are an account of a server that checks them; empty for one
	// that lets everybody in.
	user, password string
}

// errFound ends an examination that found damage, which it has printed.
var errFound = errors.New(FoundDamage)

// Run examines the folder and prints what it finds, a line each, and at the
// end whether all is well. It is a process of its own: it changes the working
// folder, which keeps the path of the socket short enough (unix(7)), and the
// server dies with it.
func (e Examination) Run(ctx context.Context, out io.Writer) error {
	// PDEATHSIG is tied to the thread that starts the server.
	runtime.LockOSThread()
	if err := os.Chdir(filepath.Dir(e.Folder)); err != nil {
		return fmt.Errorf("examine: %w", err)
	}
	server, err := e.start()
	if err != nil {
		return err
	}
	defer server.kill()
	found, err := e.examine(ctx, server, out)
	if err := endOf(ctx, err); err != nil {
		return err
	}
	if found {
		return errFound
	}
	_, err = fmt.Fprintln(out, tool.Completed)
	return err
}

// examine reports whether damage was found. An error is none of the data's.
func (e Examination) examine(ctx context.Context, s *bootedServer, out io.Writer) (found bool, err error) {
	if err := s.awaitReady(ctx); err != nil {
		return s.explain(out, "it does not start", err)
	}
	broken, err := e.broken(ctx, s)
	if err != nil {
		return s.explain(out, "it ends when it is asked for its tables", err)
	}
	outside, err := e.outside(ctx, s)
	if err != nil {
		return s.explain(out, "it ends when it is asked for its tables", err)
	}
	checks, err := s.checkTables(ctx, e.Parallel, broken, outside)
	if err != nil {
		return s.explain(out, checks.during(), err)
	}
	dangling, err := s.danglingViews(ctx, e.Parallel, &checks)
	if err != nil {
		return s.explain(out, "it ends when it checks its views", err)
	}
	for _, line := range checks.notes {
		fmt.Fprintln(out, line)
	}
	compared, err := e.compareFigures(ctx, s, &checks, broken, outside)
	if err != nil {
		return s.explain(out, "it ends when its rows are counted", err)
	}
	for _, line := range checks.damaged {
		fmt.Fprintln(out, DamagedLine+line)
	}
	if n := len(checks.damaged); n > 0 {
		fmt.Fprintf(out, "%d of %d tables are damaged\n", n, checks.tables)
		return true, nil
	}
	if err := s.stop(ctx); err != nil {
		return s.explain(out, "it does not end well", err)
	}
	fmt.Fprintf(out, "%d tables checked, all sound", checks.tables-len(checks.faults))
	if n := len(checks.notes) - len(checks.faults) - len(dangling); n > 0 {
		fmt.Fprintf(out, "; %d not checked", n)
	}
	if len(checks.faults) > 0 {
		fmt.Fprintf(out, "; broken on the server already when the backup was taken: %s", strings.Join(checks.faults, ", "))
	}
	if len(dangling) > 0 {
		fmt.Fprintf(out, "; views that refer to what is not there: %s", strings.Join(dangling, ", "))
	}
	if compared != "" {
		fmt.Fprint(out, ComparedMark+compared)
	}
	fmt.Fprintln(out)
	return false, nil
}
