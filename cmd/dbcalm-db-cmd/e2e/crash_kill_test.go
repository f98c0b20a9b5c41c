package e2e

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	disktest "dbcalm-db-cmd/steps/testkit/disk"
)

// killKind is a way in which things die.
type killKind string

// The kill kinds, as the matrix names them.
const (
	killDaemon           killKind = "daemon"
	killSupervisor       killKind = "supervisor"
	killTool             killKind = "tool"
	killDaemonSupervisor killKind = "daemon + supervisor"
	killTree             killKind = "whole tree"
	killTwoDaemons       killKind = "two daemons"
	killBackupDisk       killKind = "backup disk full"
	killStateDisk        killKind = "state disk full"
	killReboot           killKind = "reboot"
)

var killKinds = []killKind{killDaemon, killSupervisor, killTool, killDaemonSupervisor, killTree, killTwoDaemons, killReboot,
	killBackupDisk, killStateDisk}

// diskFullTime is how long a disk stays full.
const diskFullTime = 700 * time.Millisecond

// pick returns a process of a kind at random; nil if there is none.
func (c *crash) pick(rng *rand.Rand, is func(process) bool) *process {
	list := slices.DeleteFunc(c.w.processes(), func(p process) bool { return !is(p) })
	if len(list) == 0 {
		return nil
	}
	return &list[rng.IntN(len(list))]
}

// strike kills by the given kind and sees to it that a daemon runs again. It
// reports whether there was anything to kill.
func (c *crash) strike(rng *rand.Rand, kind killKind) bool {
	w := c.w
	defer c.resumeAll()
	switch kind {
	case killDaemon:
		w.kill()
	case killSupervisor, killTool, killDaemonSupervisor:
		is := process.supervisor
		if kind == killTool {
			is = process.tool
		}
		p := c.pick(rng, is)
		if p == nil {
			return false
		}
		if kind == killDaemonSupervisor {
			w.kill()
		}
		_ = unix.Kill(p.pid, unix.SIGKILL)
	case killTree, killReboot:
		w.kill()
		w.killRest()
		c.nothingRuns()
		if kind == killReboot {
			c.boots++
			c.write("boot_id", "boot-"+strconv.Itoa(c.boots))
		}
	case killTwoDaemons:
		w.kill()
		c.startTwo()
	case killBackupDisk:
		c.fill(rng, w.backupDir)
	case killStateDisk:
		c.fill(rng, w.stateDir)
	}
	select {
	case <-w.daemon.exit:
		w.launch()
	default:
	}
	return true
}

// resumeAll lets everything go on that stopped at a named point.
func (c *crash) resumeAll() {
	for _, p := range c.w.processes() {
		_ = unix.Kill(p.pid, unix.SIGCONT)
	}
}

// nothingRuns waits until killed processes are gone.
func (c *crash) nothingRuns() {
	c.w.t.Helper()
	c.w.eventually("killed processes are gone", func() bool { return len(c.w.processes()) == 0 })
}

// startTwo starts two daemons at once; one of them must give way.
func (c *crash) startTwo() {
	c.w.t.Helper()
	w := c.w
	w.launch()
	first := w.daemon
	w.launch()
	second := w.daemon
	var loser *daemon
	select {
	case <-first.exit:
		loser, w.daemon = first, second
	case <-second.exit:
		loser, w.daemon = second, first
	case <-time.After(patience):
		w.t.Fatal("two daemons run on one state")
	}
	if code := loser.cmd.ProcessState.ExitCode(); code != 6 {
		w.t.Errorf("the second daemon ended with %d, not 6\n%s", code, w.daemonLog())
	}
}

// fill leaves no room on the disk of a folder for a while.
func (c *crash) fill(rng *rand.Rand, dir string) {
	c.t.Helper()
	free := disktest.Fill(c.t, dir)
	c.resumeAll()
	full := time.NewTimer(diskFullTime + time.Duration(rng.IntN(500))*time.Millisecond)
	defer full.Stop()
	<-full.C
	free()
}

// arm makes the next process that comes to a point stop there.
func (c *crash) arm(point string) { c.write(point, "") }

func (c *crash) write(name, text string) {
	c.w.t.Helper()
	if err := os.WriteFile(filepath.Join(c.points, name), []byte(text), 0o600); err != nil {
		c.w.t.Fatal(err)
	}
}

// awaitHit waits until a process stops at an armed point and reports whether
// one did before the time was up; the point is then disarmed.
func (c *crash) awaitHit(point string, limit time.Duration) bool {
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	armed := filepath.Join(c.points, point)
	hit := armed + ".hit"
	for {
		if os.Remove(hit) == nil {
			return true
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			_ = os.Remove(armed)
			return os.Remove(hit) == nil
		}
	}
}
