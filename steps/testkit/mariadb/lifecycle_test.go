package mariadbtest

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestStopAndStartKeepRows(t *testing.T) {
	t.Parallel()
	s := Start(t)
	FillTables(t, s.DB(), 3, 50)
	before := Fingerprint(t, s.DB())

	s.Stop()
	if s.Running() {
		t.Fatal("server runs after Stop")
	}
	s.Stop()
	s.Start()
	if after := Fingerprint(t, s.DB()); !maps.Equal(before, after) {
		t.Errorf("after Stop and Start: got %v, want %v", after, before)
	}
}

func TestCommittedRowsSurviveKill(t *testing.T) {
	t.Parallel()
	s := Start(t)
	s.Exec("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY) ENGINE=InnoDB", "INSERT INTO d.t SELECT seq FROM d.seq_1_to_100")
	before := Fingerprint(t, s.DB())

	first := s.PID()
	s.Kill()
	if s.Running() {
		t.Fatal("server runs after Kill")
	}
	s.Start()
	if s.PID() == first {
		t.Errorf("process id %d is that of the killed server", first)
	}
	if after := Fingerprint(t, s.DB()); !maps.Equal(before, after) {
		t.Errorf("after Kill and Start: got %v, want %v", after, before)
	}
}

func TestPausedServerHangs(t *testing.T) {
	t.Parallel()
	s := Start(t)
	s.Pause()
	if !s.Running() {
		t.Error("a paused server does not count as running")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := s.handshake(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("handshake with a paused server: got %v, want a deadline exceeded", err)
	}
	s.Resume()
	s.WaitReady()
	s.Pause()
	s.Stop()
}

func TestStartOnCopiedDirectory(t *testing.T) {
	t.Parallel()
	s := Start(t)
	FillTables(t, s.DB(), 3, 50)
	before := Fingerprint(t, s.DB())
	s.Stop()

	copied := filepath.Join(s.Dir, "copied")
	if err := os.CopyFS(copied, os.DirFS(s.DataDir)); err != nil {
		t.Fatal(err)
	}
	s.StartOn(copied)
	if s.DataDir != copied {
		t.Errorf("DataDir is %s, want %s", s.DataDir, copied)
	}
	if after := Fingerprint(t, s.DB()); !maps.Equal(before, after) {
		t.Errorf("on the copy: got %v, want %v", after, before)
	}
	if err := s.TryStartOn(copied); err == nil || !strings.Contains(err.Error(), "still runs") {
		t.Errorf("start of a running server: got %v", err)
	}
}

func TestRefusedStartSaysWhy(t *testing.T) {
	t.Parallel()
	s := Start(t)
	s.Stop()
	if err := os.Remove(filepath.Join(s.DataDir, "ib_logfile0")); err != nil {
		t.Fatal(err)
	}
	err := s.TryStartOn(s.DataDir)
	if err == nil || !strings.Contains(err.Error(), "ib_logfile0 was not found") {
		t.Errorf("start without ib_logfile0: got %v", err)
	}
	if s.Running() {
		t.Error("server runs after a refused start")
	}
}
