package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/testkit"
	disktest "dbcalm-db-cmd/steps/testkit/disk"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// useServer makes a program the world's server_bin that tells its version as
// the real server does and else runs body, which may fall through to it.
func (w *world) useServer(body string) {
	w.t.Helper()
	real, err := mariadbtest.ServerProgram()
	if err != nil {
		w.t.Fatal(err)
	}
	const script = `#!/bin/sh
case "$*" in *--version*) exec %[1]s --no-defaults --version ;; esac
%[2]s
exec %[1]s "$@"
`
	w.configure("server_bin", testkit.Program(w.t, filepath.Join(w.dir, "fake-mariadbd"), fmt.Sprintf(script, real, body)))
}

// TestVerifyIsCancelled cancels while the tool prepares, while the server
// starts, and while it waits for its turn.
func TestVerifyIsCancelled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	preparing, booting := w.newGate("prepare"), w.newGate("boot")
	w.useTool(`[ $doing != prepare ] || { ` + preparing.wait() + `; }`)
	w.useServer(booting.wait())
	w.start()
	w.succeeded(w.full("full"))
	cancelled := func(id, state string) {
		t.Helper()
		if err := w.client.Cancel(w.ctx(), id); err != nil {
			t.Fatal(err)
		}
		if v := w.ended(id); v.Status != "cancelled" || !strings.HasSuffix(states(v), state) {
			t.Errorf("%s: %s\n%s", v.Status, v.Error, w.story(v))
		}
		w.proved("full", "")
	}
	first, waiting := w.verify("full", "prepare"), w.verify("full", "boot")
	w.eventually("the tool prepares", preparing.reached)
	refused(t, w.client.DeleteBackup(w.ctx(), api.DeleteRequest{ID: "full"}), 409, "backup 'full' is in use: operation "+first+" reads it")
	cancelled(waiting, "queued cancelled")
	cancelled(first, "prepare discard cancelled")
	w.nothingLeft("full")
	preparing.open(t)
	second := w.verify("full", "boot")
	w.eventually("the server starts", booting.reached)
	cancelled(second, "examine discard cancelled")
	w.nothingLeft("full")
	booting.open(t)
	w.succeeded(w.verify("full", "boot"))
	w.proved("full", "boot")
}

// TestVerifyIsAdopted ends the daemon while the private server runs, and kills
// the supervisor, and what it started: the examination goes on, or the chain is
// staged anew, and no server is left.
func TestVerifyIsAdopted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	booting := w.newGate("boot")
	w.useServer(booting.wait())
	w.start()
	w.succeeded(w.full("full"))
	begin := func(g *gate) string {
		t.Helper()
		id := w.verify("full", "boot")
		w.eventually("the server starts", func() bool { return g.reached() && w.toolPID(id) != 0 })
		return id
	}
	first := begin(booting)
	w.kill()
	w.start()
	w.eventually("the examination is adopted", func() bool { return slices.Contains(events(w.show(first)), "adopt") })
	booting.open(t)
	if v := w.succeeded(first); v.Attempt != 1 {
		t.Errorf("attempt %d, wanted the first\n%s", v.Attempt, w.story(v))
	}
	w.nothingLeft("full")
	for kill, is := range map[string]func(process) bool{
		"supervisor":  process.supervisor,
		"examination": func(p process) bool { return len(p.args) > 1 && p.args[1] == "examine" },
		"server":      func(p process) bool { return strings.HasSuffix(p.args[0], "sh") },
	} {
		w.stop()
		g := w.newGate("boot-" + kill)
		w.useServer(g.wait())
		w.start()
		id := begin(g)
		for _, p := range w.processes() {
			if is(p) {
				if err := unix.Kill(p.pid, unix.SIGKILL); err != nil {
					t.Error(err)
				}
			}
		}
		w.eventually("the chain is staged again", func() bool { return slices.Contains(events(w.show(id)), "rewind") })
		g.open(t)
		if v := w.succeeded(id); v.Attempt != 2 || !strings.Contains(states(v), "examine stage prepare") {
			t.Errorf("%s killed: attempt %d\n%s", kill, v.Attempt, w.story(v))
		}
		w.nothingLeft("full")
	}
}

// TestVerifyIsCarriedOn kills the daemon at each of the points that a
// verification passes: the next one ends it well.
func TestVerifyIsCarriedOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{tags: "crashpoints", config: map[string]string{"parallel": "1"}})
	c := &crash{t: t, w: w, points: t.TempDir()}
	c.write("boot_id", "boot-0")
	w.env = append(w.env, "DBCALM_CRASH_DIR="+c.points)
	w.start()
	w.succeeded(w.full("full"))
	w.succeeded(w.incremental("inc", "full"))
	for _, point := range testkit.Some(t, []string{
		"before-validate", "after-validate", "stage-file", "before-stage", "after-stage", "ahead-begun", "ahead-staged",
		"before-prepare", "before-apply", "before-arrange", "after-arrange", "examine-started", "examine-checked", "before-examine",
		"work-before-removal", "before-clean", "before-record", "before-check", "after-check", "after-record",
	}) {
		level := "boot"
		if strings.HasSuffix(point, "-check") {
			level = "checksum"
		}
		c.arm(point)
		id := w.verify("inc", level)
		if !c.awaitHit(point, 20*time.Second) {
			t.Errorf("%s is never passed\n%s", point, w.story(w.ended(id)))
			continue
		}
		w.kill()
		c.resumeAll()
		w.start()
		v := w.succeeded(id)
		if again := v.Attempt > 1; again && (point == "examine-started" || point == "examine-checked") {
			t.Errorf("%s: the examination was begun again\n%s", point, w.story(v))
		}
		w.proved("inc", level)
		w.nothingLeft("full", "inc")
		if _, err := w.ledger().Exec(`DELETE FROM operation_verification`); err != nil {
			t.Fatal(err)
		}
	}
}

// TestVerifyOnAFullDisk lets the disk of the store fill up in each state that
// writes to it: that is nothing the backup has done.
func TestVerifyOnAFullDisk(t *testing.T) {
	t.Parallel()
	if !disktest.Enter(t) {
		return
	}
	w := newWorld(t, worldOptions{backupDir: disktest.Small(t, 400<<20)})
	ballast, mode := filepath.Join(w.backupDir, "ballast"), filepath.Join(w.dir, "mode")
	fill := `[ ! -e ` + mode + `-$doing ] || { cat /dev/zero >` + ballast + ` 2>/dev/null; truncate -s -64K ` + ballast + `; }`
	w.useTool(fill)
	w.useServer("doing=boot\n" + fill)
	mariadbtest.FillTables(t, w.db.DB(), 3, 100)
	w.start()
	w.succeeded(w.full("full"))
	mariadbtest.FillTables(t, w.db.DB(), 3, 3000)
	w.succeeded(w.incremental("inc", "full"))
	blameless := func(id string, words ...string) {
		t.Helper()
		w.toldEverywhere(w.failed(id, words...))
		w.proved("full", "")
		w.proved("inc", "")
		if err := os.Remove(ballast); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		w.nothingLeft("full", "inc")
	}
	free := disktest.Fill(t, w.backupDir)
	v := w.failed(w.verify("inc", "prepare"), "not enough room for the verification on the file system of "+w.backupDir)
	free()
	blameless(v.ID)
	for _, doing := range []string{"prepare", "boot"} {
		if err := os.WriteFile(mode+"-"+doing, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		blameless(w.verify("inc", "boot"), "the disk is full: free space or make it larger, then try again")
		if err := os.Remove(mode + "-" + doing); err != nil {
			t.Fatal(err)
		}
	}
	w.succeeded(w.verify("inc", "boot"))
	w.proved("inc", "boot")
}
