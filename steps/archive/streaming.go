package archive

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/server"
)

// vendorsProgram is a vendor's program that asks its server for the binary log. The
// server lets who has REPLICATION SLAVE do so.
type vendorsProgram struct {
	name, install string
	// id is the option for the number by which the server tells it from its replicas.
	id string
}

var (
	// https://mariadb.com/kb/en/mariadb-binlog-options
	programOfMariaDB = vendorsProgram{"mariadb-binlog", "the client programs of MariaDB (Debian's package mariadb-client)",
		"--stop-never-slave-server-id"}
	// https://dev.mysql.com/doc/refman/8.4/en/mysqlbinlog.html
	programOfMySQL = vendorsProgram{"mysqlbinlog", "the client programs of MySQL", "--connection-server-id"}
)

func programOf(s *server.Server) vendorsProgram {
	if s.DBType == server.MySQL {
		return programOfMySQL
	}
	return programOfMariaDB
}

// newID returns a number that no replica has. One that came with the number of another
// would end that one's connection: the server takes it for the same that comes again.
func newID() string {
	const least, most = 1 << 30, 1<<31 - 1
	// #nosec G404 -- nothing is kept secret with it
	return strconv.Itoa(least + rand.IntN(most-least))
}

// streaming is that program at work.
type streaming struct {
	vendorsProgram
	cmd *exec.Cmd
	// owner is the user whom what it writes belongs to.
	owner int
	// follows: it goes on to the files that come after the one it began with.
	follows bool
	said    bytes.Buffer
	// ended is closed when it has ended; err is how.
	ended chan struct{}
	err   error
}

// startStreaming has the program write a file of the server's log into a folder, and
// follow from there. It dies with this program. It writes files of the names that the
// server gives it, wherever these lead: so it has the rights of the server's user
// where we are root, and what it writes is as little to be trusted as the server's own.
func startStreaming(s *server.Server, folder, name string, follow bool) (*streaming, error) {
	program := programOf(s)
	path, err := exec.LookPath(program.name)
	if err != nil {
		return nil, fmt.Errorf("the server's binary log is encrypted, and only %s can ask for it: install %s: %w",
			program.name, program.install, err)
	}
	credentials, err := s.Credentials()
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		return nil, fmt.Errorf("read the server's binary log: %w", err)
	}
	args := append(s.ConnectOptions(credentials), "--read-from-remote-server", "--raw", "--result-file="+folder+"/")
	if follow {
		args = append(args, "--stop-never", program.id+"="+newID())
	}
	// #nosec G204 -- a program of the system's
	p := &streaming{vendorsProgram: program, cmd: exec.Command(path, append(args, name)...), owner: os.Geteuid(), follows: follow,
		ended: make(chan struct{})}
	p.cmd.Stderr = &p.said
	rights, err := s.OwnersRights()
	if err != nil {
		return nil, err
	}
	if rights != nil {
		closeOurs, err := rights.Lend(p.cmd, folder)
		defer closeOurs()
		if err != nil {
			return nil, fmt.Errorf("read the server's binary log with the rights of its user: %w", err)
		}
		p.owner = int(rights.UID)
	}
	if p.cmd.SysProcAttr == nil {
		p.cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	p.cmd.SysProcAttr.Pdeathsig = unix.SIGKILL
	started := make(chan error)
	go func() {
		// PDEATHSIG is tied to the thread that starts it.
		runtime.LockOSThread()
		defer close(p.ended)
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.err = p.cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", program.name, err)
	}
	return p, nil
}

func (p *streaming) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// errStreamEnded: the program has ended before all was there that was wanted.
var errStreamEnded = errors.New("it ended")

// failure says why it ended.
func (p *streaming) failure() error {
	<-p.ended
	said := strings.Join(strings.Fields(job.Printable(p.said.Bytes())), " ")
	if said == "" && p.err == nil {
		return fmt.Errorf("%s: %w before all was there that the server says it has", p.name, errStreamEnded)
	}
	advice := ""
	if strings.Contains(said, "REPLICATION SLAVE") {
		advice = ": GRANT REPLICATION SLAVE ON *.* to the backup user"
	}
	return fmt.Errorf("%s: %w (%v): %.500s%s", p.name, errStreamEnded, p.err, said, advice)
}

// kill ends it and waits until it is gone.
func (p *streaming) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}
