package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	disktest "dbcalm-db-cmd/steps/testkit/disk"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// failing is a world whose tool and whose forward each run a script of the
// test's choice, told anew for each backup.
type failing struct {
	*world
	tool, forward string
}

func newFailing(t *testing.T, o worldOptions, config map[string]string) *failing {
	t.Helper()
	w := newWorld(t, o)
	f := &failing{world: w, tool: filepath.Join(w.dir, "tool.sh"), forward: filepath.Join(w.dir, "forward.sh")}
	w.useTool(`[ $doing = backup ] || exec $real "$@"
. ` + f.tool)
	for key, value := range config {
		if key == "forward" {
			value = strconv.Quote(". " + f.forward)
		}
		w.configure(key, value)
	}
	w.start()
	return f
}

// fails takes a backup with these scripts and demands that it fails with these
// words, everywhere where failures are told, and that nothing is left.
func (f *failing) fails(id, tool, forward string, words ...string) {
	f.t.Helper()
	f.scripts(tool, forward)
	v := f.failed(f.full(id), words...)
	f.toldEverywhere(v)
	if left := slices.DeleteFunc(entries(f.t, f.backupDir), func(name string) bool { return name == "ballast" }); len(left) > 0 {
		f.t.Errorf("%s: left in the store: %v", id, left)
	}
	if jobs := entries(f.t, filepath.Join(f.stateDir, "jobs")); len(jobs) > 0 {
		f.t.Errorf("%s: job folders left: %v", id, jobs)
	}
	f.onlyTheDaemonRuns()
}

func (f *failing) onlyTheDaemonRuns() {
	f.t.Helper()
	f.eventually("nothing but the daemon runs", func() bool {
		return !slices.ContainsFunc(f.processes(), func(p process) bool { return p.pid != f.daemon.cmd.Process.Pid })
	})
}

func (f *failing) scripts(tool, forward string) {
	f.t.Helper()
	for path, text := range map[string]string{f.tool: tool, f.forward: forward} {
		if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
			f.t.Fatal(err)
		}
	}
}

// TestStreamFails lets each program of the pipeline fail, die, hang and close
// early.
func TestStreamFails(t *testing.T) {
	t.Parallel()
	f := newFailing(t, worldOptions{}, map[string]string{"stream": "true", "forward": "", "stall_timeout": "1s"})
	mariadbtest.FillTables(t, f.db.DB(), 3, 200)
	const real, take = `exec $real "$@"`, `cat >/dev/null`
	for _, test := range []struct {
		name, tool, forward string
		words               []string
	}{
		{"tool-fails", `echo "Error: no luck" >&2; exit 9`, take, []string{"mariabackup failed with exit code 9", "Error: no luck"}},
		{"tool-fails-half-way", `$real "$@" | head -c 3000000; echo "no luck" >&2; exit 9`, take,
			[]string{"mariabackup failed with exit code 9", "no luck"}},
		{"tool-fails-after-all", `$real "$@"; exit 9`, take, []string{"mariabackup failed with exit code 9", "completed OK!"}},
		{"tool-killed", `$real "$@" | head -c 3000000; kill -KILL $$`, take, []string{"times in state stream", "killed by SIGKILL", "given up"}},
		{"tool-cuts", `$real "$@" 2>/dev/null | head -c 3000000; echo "completed OK!" >&2; exit 0`, take,
			[]string{"fake-mariadb-backup gave a stream that is not whole", "mend that, then take the backup again"}},
		{"tool-gives-nothing", `echo "completed OK!" >&2; exit 0`, take, []string{"fake-mariadb-backup gave a stream that is not whole"}},
		{"tool-does-not-complete", `$real "$@" 2>/dev/null; exit 0`, take, []string{`mariabackup ended without saying "completed OK!"`}},
		{"forward-fails-at-once", real, `echo "cannot reach it" >&2; exit 1`,
			[]string{"forward failed with exit code 1", "cannot reach it", "mend that, then take the backup again"}},
		{"forward-fails-after-all", real, take + `; echo "cannot keep it: No space left on device" >&2; exit 3`,
			[]string{"forward failed with exit code 3: the disk is full", "cannot keep it"}},
		{"forward-reads-nothing", real, `exit 0`, []string{"forward ended before it had read the whole stream"}},
		{"forward-reads-half", real, `head -c 100000 >/dev/null`, []string{"forward ended before it had read the whole stream"}},
		{"forward-closes", real, `exec <&-; exec sleep 600`, []string{"forward has taken nothing for 1s (stall_timeout)"}},
		{"forward-hangs", real, `exec sleep 600`, []string{"forward has taken nothing for 1s (stall_timeout)"}},
		{"forward-never-ends", real, take + `; exec sleep 600`,
			[]string{"forward has not ended within 1s of the end of the stream (stall_timeout)"}},
		{"forward-is-killed", real, `head -c 100000 >/dev/null; kill -KILL $$`, []string{"forward was killed by SIGKILL"}},
		{"forward-is-no-program", real, `nowhere-to-be-found`, []string{"forward failed with exit code 127", "nowhere-to-be-found: not found"}},
		{"forward-is-no-command", real, `if then`, []string{"forward failed with exit code 2", "Syntax error"}},
	} {
		f.fails(test.name, test.tool, test.forward, test.words...)
	}
	f.scripts(real, take)
	f.succeeded(f.full("tool-fails"))
}

// TestStreamServerDies kills the server while its rows are on their way.
func TestStreamServerDies(t *testing.T) {
	t.Parallel()
	f := newFailing(t, worldOptions{}, map[string]string{"stream": "true", "forward": ""})
	mariadbtest.FillTables(t, f.db.DB(), 3, 200)
	g := f.newGate("gate")
	f.scripts(`exec $real "$@"`, `head -c 1000 >/dev/null; `+g.wait()+`; cat >/dev/null`)
	operation := f.full("b")
	f.eventually("the stream flows", g.reached)
	f.db.Kill()
	g.open(t)
	v := f.failed(operation, "mariabackup failed with exit code 1", "last lines of the program")
	f.toldEverywhere(v)
	if left := entries(t, f.backupDir); len(left) > 0 {
		t.Errorf("left in the store: %v", left)
	}
}

// TestCancelStream leaves nothing of a stream that is cancelled while it is
// forwarded, and nothing running.
func TestCancelStream(t *testing.T) {
	t.Parallel()
	f := newFailing(t, worldOptions{}, map[string]string{"stream": "true", "forward": ""})
	g := f.newGate("gate")
	f.scripts(`exec $real "$@"`, `head -c 1000 >/dev/null; `+g.wait()+`; cat >/dev/null`)
	operation := f.full("b")
	f.eventually("the stream flows", g.reached)
	if err := f.client.Cancel(f.ctx(), operation); err != nil {
		t.Fatal(err)
	}
	if v := f.ended(operation); v.Status != "cancelled" {
		t.Errorf("ended %s\n%s", v.Status, f.story(v))
	}
	if left := entries(t, f.backupDir); len(left) > 0 {
		t.Errorf("left in the store: %v", left)
	}
	f.onlyTheDaemonRuns()
}

// streamDiskFull lets the store fill up while a stream comes, and when it has
// just come.
func streamDiskFull(t *testing.T) {
	t.Parallel()
	f := newFailing(t, worldOptions{backupDir: disktest.Small(t, 150<<20)}, map[string]string{"stream": "true"})
	ballast := filepath.Join(f.backupDir, "ballast")
	const forget = `$real "$@" || exit $?; : >$target/xtrabackup_checkpoints; rm $target/xtrabackup_info; `
	fill := `cat /dev/zero >` + ballast + ` 2>/dev/null; `
	for _, test := range []struct{ name, tool, word string }{
		{"while-it-comes", fill + `truncate -s -2M ` + ballast + `; exec $real "$@"`, "backup-while-it-comes.xbstream could not be written: "},
		// The tool reports success with empty files; what it says in the stream is
		// whole, and finds no room beside it.
		{"beside-it", forget + fill + `exit 0`, ""},
	} {
		f.fails(test.name, test.tool, "", test.word, "no space left on device", "the disk is full: free space or make it larger, then try again")
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
	}
	// With room again, what the tool has left empty is mended.
	f.scripts(forget+`exit 0`, "")
	f.succeeded(f.full("mended"))
	f.stored("mended", "stream")
	f.scripts(`exec $real "$@"`, "")
	f.succeeded(f.incremental("inc", "mended"))
}
