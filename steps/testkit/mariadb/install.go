package mariadbtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// sizeArgs keep a server small: a start takes a fraction of a second and an
// empty data directory 45 MB. The redo log is large enough that a backup under
// a busy writer is not overtaken by it.
var sizeArgs = []string{
	"--innodb-log-file-size=32M",
	"--innodb-buffer-pool-size=32M",
	// A start clears all of it.
	"--innodb-log-buffer-size=2M",
	"--key-buffer-size=1M",
	"--aria-pagecache-buffer-size=8M",
}

// commonArgs go to everything that runs as this server.
func (s *Server) commonArgs() []string {
	if s.version != "" {
		return s.mysqlArgs()
	}
	args := []string{"--no-defaults"}
	// Started by root, MariaDB stays root only when told to.
	if os.Geteuid() == 0 {
		args = append(args, "--user=root")
	}
	args = append(args, "--datadir="+s.DataDir, "--tmpdir="+s.tempDir(), "--skip-name-resolve")
	return append(args, sizeArgs...)
}

// tempDir is the server's own: a starting MariaDB deletes the temporary tables
// of every server that shares the folder with it.
func (s *Server) tempDir() string { return filepath.Join(s.Dir, "tmp") }

// images holds what the install program makes of each set of arguments: every
// server of a test run but the first gets a copy.
var images struct {
	sync.Mutex
	made map[string]image
}

// installDataDir makes a data directory with the system tables and a root
// account without a password, reachable only through the private socket.
func (s *Server) installDataDir() error {
	key := s.programs.server + " " + strings.Join(s.installArgs(), " ")
	images.Lock()
	defer images.Unlock()
	if made, found := images.made[key]; found {
		if err := made.write(s.DataDir); err != nil {
			return fmt.Errorf("make data directory: %w", err)
		}
		return nil
	}
	if err := s.runInstall(); err != nil {
		return err
	}
	made, err := readImage(s.DataDir)
	if err != nil {
		return fmt.Errorf("keep data directory: %w", err)
	}
	if images.made == nil {
		images.made = map[string]image{}
	}
	images.made[key] = made
	return nil
}

// installArgs are the options that a data directory depends on.
func (s *Server) installArgs() []string {
	args := []string{"--auth-root-authentication-method=normal", "--skip-test-db"}
	// The size of pages, say, cannot be changed later.
	for _, arg := range s.options.args {
		if strings.HasPrefix(arg, "--innodb-") {
			args = append(args, arg)
		}
	}
	return args
}

func (s *Server) runInstall() error {
	if s.version != "" {
		return s.installMySQL()
	}
	out, err := exec.Command(s.programs.install, append(s.commonArgs(), s.installArgs()...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("make data directory %s: %w: %s", s.DataDir, err, out)
	}
	return nil
}
