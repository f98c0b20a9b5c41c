package transport

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"dbcalm-db-cmd/machine/api"
	transporttest "dbcalm-db-cmd/transport/testkit"
)

// The variables that make this program a client: the socket, and what to say.
const (
	clientSocket  = "DBCALM_TEST_SOCKET"
	clientRequest = "DBCALM_TEST_REQUEST"
)

// beClient does what a client does, as whatever user it was started by.
func beClient(socket string) int {
	conn, err := net.DialTimeout("unix", socket, transporttest.Patience)
	if err == nil {
		err = conn.SetDeadline(time.Now().Add(transporttest.Patience))
	}
	if err == nil {
		// One that is refused unheard may have been left already.
		_, _ = io.WriteString(conn, os.Getenv(clientRequest))
		_, err = io.Copy(os.Stdout, conn)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// stranger is a user who is neither root nor the daemon's.
type stranger struct {
	uid, gid, supplementary uint32
}

// newStranger returns another user, if this test may become one; else it is
// this test's own, and the daemon's is one that it is not.
func newStranger() stranger {
	if os.Geteuid() == 0 {
		return stranger{uid: 12345, gid: 12346, supplementary: 12347}
	}
	s := stranger{uid: uint32(os.Getuid()), gid: uint32(os.Getgid()), supplementary: uint32(os.Getgid())}
	if groups, err := os.Getgroups(); err == nil && len(groups) > 0 {
		s.supplementary = uint32(groups[len(groups)-1])
	}
	return s
}

// daemon returns a user that the stranger is not.
func (s stranger) daemon() uint32 {
	if own := ownUID(); own != s.uid {
		return own
	}
	return 1<<32 - 2
}

// ask sends a request and returns the answer.
func (s stranger) ask(t *testing.T, path, request string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		return ask(t, path, request)
	}
	client := exec.Command("/proc/self/exe")
	client.Env = []string{clientSocket + "=" + path, clientRequest + "=" + request, "GORACE=atexit_sleep_ms=0"}
	client.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: s.uid, Gid: s.gid, Groups: []uint32{s.supplementary}}}
	var stdout, stderr bytes.Buffer
	client.Stdout, client.Stderr = &stdout, &stderr
	if err := client.Run(); err != nil {
		t.Fatalf("a client as user %d: %v: %s", s.uid, err, &stderr)
	}
	return stdout.String()
}

// open serves on a socket that everybody may connect to.
func (s stranger) open(t *testing.T, service Service, options Options) *running {
	t.Helper()
	base := transporttest.Folder(t)
	if err := os.Chmod(base, 0o755); err != nil {
		t.Fatal(err)
	}
	options.SocketPath, options.Mode = filepath.Join(base, "s"), 0o666
	return startAs(t, service, options, s.daemon())
}

func number(id uint32) string { return strconv.FormatUint(uint64(id), 10) }

func ownUID() uint32 { return uint32(os.Geteuid()) }

// nameOf returns the name that the user database has for a user, if any.
func nameOf(uid uint32) string {
	if found, err := user.LookupId(number(uid)); err == nil {
		return found.Username
	}
	return ""
}

// name is what refusals call the stranger.
func (s stranger) name() string {
	return "user " + strings.TrimPrefix(api.Asker{UID: s.uid, Name: nameOf(s.uid)}.String(), "user ")
}
