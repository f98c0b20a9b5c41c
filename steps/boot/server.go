package boot

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/go-sql-driver/mysql"
	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/crashpoint"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/tool"
)

// The files of a booted server, in its working folder, the stage.
const (
	serverSocket  = "server.sock"
	serverLog     = "server.log"
	serverOptions = "server.cnf"
	serverTemp    = "tmp"
)

// bootLimit and endLimit are how long a server may take to answer and to end.
// What it does then depends on the size of the data, so they are generous.
const (
	bootLimit = 10 * time.Minute
	endLimit  = 10 * time.Minute
)

// bootedServer is the server of an examination.
type bootedServer struct {
	cmd *exec.Cmd
	db  *sql.DB
	// ended is closed when the server has ended; err is how.
	ended chan struct{}
	err   error
	once  sync.Once
	// lock is held by this process and by the server, until both have ended.
	lock *os.File
}

// start starts the server, with more options than it always has.
func (e Examination) start(more ...string) (*bootedServer, error) {
	lock, err := os.OpenFile(ServerLock, os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start server: %w", err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, fmt.Errorf("start server: another one holds %s: %w", ServerLock, err)
	}
	// What an interrupted examination has left.
	for _, name := range []string{serverSocket, serverSocket + ".lock", serverLog, serverTemp} {
		if err := os.RemoveAll(name); err != nil {
			return nil, fmt.Errorf("start server: %w", err)
		}
	}
	if err := os.Mkdir(serverTemp, 0o700); err != nil {
		return nil, fmt.Errorf("start server: %w", err)
	}
	if err := writeServerOptions(filepath.Join(e.Folder, tool.OptionsNames[0]), serverOptions); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(serverLog, os.O_CREATE|os.O_APPEND|os.O_WRONLY|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start server: %w", err)
	}
	defer log.Close()
	args, err := e.serverArgs(more...)
	if err != nil {
		return nil, err
	}
	// #nosec G204 -- the program that the configuration names, or that of the system
	s := &bootedServer{cmd: exec.Command(e.Server, args...), ended: make(chan struct{}), lock: lock}
	s.cmd.Stdout, s.cmd.Stderr, s.cmd.ExtraFiles, s.cmd.Env = log, log, []*os.File{lock}, serverEnv()
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL}
	if s.db, err = openBooted(e.user, e.password); err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start server: %w: correct server_bin", err)
	}
	crashpoint.Here("examine-started")
	go func() {
		s.err = s.cmd.Wait()
		close(s.ended)
	}()
	return s, nil
}

// serverEnv is the environment without what speaks to a server, or through it
// to systemd: this one is nobody's service.
func serverEnv() []string {
	var env []string
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "MYSQL") || strings.HasPrefix(name, "MARIADB") || strings.HasPrefix(name, "LISTEN_") ||
			name == "NOTIFY_SOCKET" {
			continue
		}
		env = append(env, variable)
	}
	return env
}

func openBooted(user, password string) (*sql.DB, error) {
	config := mysql.NewConfig()
	config.User, config.Passwd, config.Net, config.Addr = cmp.Or(user, "root"), password, "unix", serverSocket
	config.Timeout = server.ServerTimeout
	config.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the server: %w", err)
	}
	return sql.OpenDB(connector), nil
}

// errEnded: the server is gone.
var errEnded = errors.New("the server has ended")

// awaitReady waits until the server answers.
func (s *bootedServer) awaitReady(ctx context.Context) error {
	limit := time.NewTimer(bootLimit)
	defer limit.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if err := s.db.PingContext(ctx); err == nil {
			return nil
		}
		select {
		case <-s.ended:
			return errEnded
		case <-ctx.Done():
			return ctx.Err()
		case <-limit.C:
			return fmt.Errorf("the server does not answer within %s: verify again when the machine is less busy", bootLimit)
		case <-tick.C:
		}
	}
}

// stop lets the server end as it does when its machine is shut down.
func (s *bootedServer) stop(ctx context.Context) error {
	crashpoint.Here("examine-checked")
	_ = s.db.Close()
	if err := s.cmd.Process.Signal(unix.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop server: %w", err)
	}
	limit := time.NewTimer(endLimit)
	defer limit.Stop()
	select {
	case <-s.ended:
		if s.err != nil {
			return errEnded
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-limit.C:
		return fmt.Errorf("the server does not end within %s: verify again when the machine is less busy", endLimit)
	}
}

// kill ends the server and waits until it is gone. Calling it twice, or when
// it has ended, is fine.
func (s *bootedServer) kill() {
	s.once.Do(func() {
		_ = s.db.Close()
		_ = s.cmd.Process.Kill()
		<-s.ended
	})
}
