//go:build speed

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// The goals that are no ratios.
const (
	goalAnswer     = 8 * time.Millisecond
	goalDaemon     = 32 << 10 // KiB
	goalSupervisor = 64 << 10
	// watchEvery is how often the memory of the programs is looked at.
	watchEvery = 20 * time.Millisecond
)

// answers measures how long a client waits for the acceptance of a backup, which
// is durable by then.
func answers(t *testing.T, table *speedTable) {
	t.Helper()
	w := newWorld(t, worldOptions{config: map[string]string{"log_level": "info"}})
	hold := w.newGate("first")
	w.useTool(hold.wait())
	w.start()
	ids := []string{w.full("first")}
	w.eventually("the first copies", hold.reached)
	var taken, synced []time.Duration
	for i := range 90 {
		synced = append(synced, syncTime(t, w.stateDir))
		began := time.Now()
		ids = append(ids, w.full(fmt.Sprint("waits-", i)))
		taken = append(taken, time.Since(began))
	}
	for _, id := range ids {
		if err := w.client.Cancel(w.ctx(), id); err != nil {
			t.Error(err)
		}
	}
	for _, id := range ids {
		w.ended(id)
	}
	table.notes = append(table.notes, fmt.Sprintf(
		"An accepted backup is answered in %s (median of %d; goal %s), where a write of 4 KiB with fsync takes %s.",
		median(taken).Round(time.Microsecond*100), len(taken), goalAnswer, median(synced).Round(time.Microsecond*100)))
}

// syncTime is how long a small write takes to be on the disk.
func syncTime(t *testing.T, folder string) time.Duration {
	t.Helper()
	path := filepath.Join(folder, "fsync")
	defer os.Remove(path)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	began := time.Now()
	if _, err := f.Write(make([]byte, 4096)); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	return time.Since(began)
}

// noteMemory takes one more backup and notes the most memory that the daemon and its
// supervisor ever had.
func (s *speed) noteMemory(what string) {
	s.t.Helper()
	daemon, supervisor := s.memory()
	s.table.notes = append(s.table.notes, fmt.Sprintf(
		"Resident memory at most, for %s%s: daemon %d MiB (goal %d), supervisor %d MiB (goal %d).",
		what, ofSet(s.set, what), daemon>>10, goalDaemon>>10, supervisor>>10, goalSupervisor>>10))
}

// memory takes one more backup and returns the most memory that the daemon and its
// supervisor ever had resident, in KiB.
func (s *speed) memory() (daemon, supervisor int) {
	s.t.Helper()
	done, most := make(chan struct{}), make(chan int)
	go func() {
		most <- s.watchSupervisors(done)
	}()
	s.timedBackup()
	close(done)
	return peakMemory(s.daemon.cmd.Process.Pid), <-most
}

func ofSet(set, what string) string {
	if set == what {
		return ""
	}
	return " of " + set + " rows"
}

// watchSupervisors returns the most memory that a supervisor had until done.
func (s *speed) watchSupervisors(done <-chan struct{}) (most int) {
	ticks := time.NewTicker(watchEvery)
	defer ticks.Stop()
	for {
		select {
		case <-done:
			return most
		case <-ticks.C:
		}
		for _, p := range s.processes() {
			if p.supervisor() {
				most = max(most, peakMemory(p.pid))
			}
		}
	}
}

// peakMemory is the most resident memory that a process ever had, in KiB
// (VmHWM of proc(5)); 0 for one that has ended.
func peakMemory(pid int) int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range bytes.Lines(text) {
		if value, found := bytes.CutPrefix(line, []byte("VmHWM:")); found {
			kibibytes, _ := strconv.Atoi(string(bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(value), []byte("kB")))))
			return kibibytes
		}
	}
	return 0
}
