package mariadbtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Limits of a healthy server's start and stop on a busy machine.
const (
	startLimit = 60 * time.Second
	stopLimit  = 60 * time.Second
)

// Start starts the stopped server again on the data directory of its last
// start, and waits until it answers.
func (s *Server) Start() {
	s.t.Helper()
	s.StartOn(s.DataDir)
}

// StartOn starts the stopped server on another data directory, a restored
// folder for example, and waits until it answers.
func (s *Server) StartOn(dir string) {
	s.t.Helper()
	if err := s.TryStartOn(dir); err != nil {
		s.t.Fatal(err)
	}
}

// TryStartOn is StartOn for a data directory that the server may refuse: the
// error then ends with what the server printed, and the server is stopped.
func (s *Server) TryStartOn(dir string) error {
	if s.Running() {
		return fmt.Errorf("start MariaDB on %s: it still runs on %s", dir, s.DataDir)
	}
	s.DataDir = dir
	log, err := os.OpenFile(s.logPath(), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("open log of MariaDB: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(s.programs.server, s.serverArgs()...)
	cmd.Stdout, cmd.Stderr = log, log
	if s.process, err = launch(cmd); err != nil {
		return err
	}
	if err := s.awaitReady(startLimit); err != nil {
		err = errors.Join(err, s.process.kill())
		return fmt.Errorf("start MariaDB on %s: %w; it printed:\n%s", dir, err, s.Log())
	}
	return nil
}

// SetArgs changes what WithArgs has given, from the next start on.
func (s *Server) SetArgs(args ...string) { s.options.args = args }

// Stop shuts the server down cleanly and waits for its end. A stopped server
// is left as it is.
func (s *Server) Stop() {
	s.t.Helper()
	if !s.Running() {
		return
	}
	if err := errors.Join(s.process.signal(syscall.SIGTERM), s.process.signal(syscall.SIGCONT)); err != nil {
		s.t.Fatalf("stop MariaDB: %v", err)
	}
	select {
	case <-s.process.exited:
	case <-time.After(stopLimit):
		s.t.Fatalf("stop MariaDB: still running after %s; it printed:\n%s", stopLimit, s.Log())
	}
	if s.process.err != nil {
		s.t.Fatalf("stop MariaDB: %v; it printed:\n%s", s.process.err, s.Log())
	}
}

// Kill ends the server as a power cut would, paused or not, and waits for its
// end. Its socket file stays behind.
func (s *Server) Kill() {
	s.t.Helper()
	if s.process == nil {
		return
	}
	if err := s.process.kill(); err != nil {
		s.t.Fatalf("kill MariaDB: %v", err)
	}
}

// Pause makes the server hang: it holds its socket and locks, and answers
// nobody.
func (s *Server) Pause() {
	s.t.Helper()
	if err := errors.Join(s.process.signal(syscall.SIGSTOP), s.process.awaitStopped(stopLimit)); err != nil {
		s.t.Fatalf("pause MariaDB: %v", err)
	}
}

// Resume ends a Pause.
func (s *Server) Resume() {
	s.t.Helper()
	if err := s.process.signal(syscall.SIGCONT); err != nil {
		s.t.Fatalf("resume MariaDB: %v", err)
	}
}

// Running reports whether the server's process is there; a paused one is.
func (s *Server) Running() bool {
	if s.process == nil {
		return false
	}
	select {
	case <-s.process.exited:
		return false
	default:
		return true
	}
}

// PID returns the process id of the newest start.
func (s *Server) PID() int { return s.process.pid() }

// Log returns the last lines the server has printed since its newest start.
func (s *Server) Log() string {
	const lines = 40
	text, err := os.ReadFile(s.logPath())
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

func (s *Server) logPath() string { return filepath.Join(s.Dir, "mariadbd.log") }

// serverArgs trade safety at a power cut, which no test has, for speed; what
// a client saw committed still survives Kill.
func (s *Server) serverArgs() []string {
	if s.version != "" {
		return s.mysqlServerArgs()
	}
	args := append(s.commonArgs(),
		"--socket="+s.Socket,
		"--pid-file="+filepath.Join(s.Dir, "mariadbd.pid"),
		"--skip-networking",
		"--innodb-flush-log-at-trx-commit=2",
		"--innodb-use-native-aio=OFF",
		"--performance-schema=OFF",
	)
	if s.options.binlog {
		args = append(args, "--log-bin=binlog", "--server-id=1", "--sync-binlog=0")
	}
	if s.options.claim != "" {
		args = append(args, "--version="+s.options.claim)
	}
	return append(args, s.options.args...)
}
