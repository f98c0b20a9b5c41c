package transport

import (
	"context"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	transporttest "dbcalm-db-cmd/transport/testkit"
)

// listen binds and gives the sockets up when the test is over.
func listen(t *testing.T, options Options) (*Server, error) {
	t.Helper()
	server := New(&fakeService{}, options)
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server, server.Listen()
}

func entries(t *testing.T, folder string) string {
	t.Helper()
	found, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range found {
		names = append(names, entry.Name())
	}
	return strings.Join(names, " ")
}

func TestBothPathsAnswer(t *testing.T) {
	t.Parallel()
	base := filepath.Join(transporttest.Folder(t), "run", "dbcalm")
	path, legacy := filepath.Join(base, "db-cmd.sock"), filepath.Join(base, "mariadb-cmd.sock")
	server := start(t, &fakeService{}, Options{SocketPath: path, LegacySocketPath: legacy})
	for _, path := range []string{path, legacy} {
		if got := ask(t, path, goodRequest); got != goodAnswer {
			t.Errorf("%s: %s", path, got)
		}
	}
	if got := entries(t, base); got != "db-cmd.sock mariadb-cmd.sock" {
		t.Errorf("the folder holds %s", got)
	}
	server.stop()
	if err := server.wait(t); err != nil {
		t.Error(err)
	}
	if got := entries(t, base); got != "" {
		t.Errorf("after the stop the folder holds %s", got)
	}
}

func TestTheSamePathTwiceIsOneSocket(t *testing.T) {
	t.Parallel()
	base := transporttest.Folder(t)
	link := filepath.Join(transporttest.Folder(t), "link")
	if err := os.Symlink(base, link); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(base, "db-cmd.sock")
	for _, legacy := range []string{path, base + "//./db-cmd.sock", filepath.Join(link, "db-cmd.sock")} {
		server, err := listen(t, Options{SocketPath: path, LegacySocketPath: legacy})
		if err != nil {
			t.Fatal(err)
		}
		if len(server.sockets) != 1 {
			t.Errorf("%s: %d sockets", legacy, len(server.sockets))
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestModeAndGroup(t *testing.T) {
	t.Parallel()
	gid := os.Getgid()
	if os.Getuid() == 0 {
		gid = 54321
	}
	own, err := user.LookupGroupId(strconv.Itoa(os.Getgid()))
	if err != nil {
		t.Fatalf("the test's own group must have a name, as in /etc/group: %v", err)
	}
	for _, test := range []struct {
		options Options
		mode    fs.FileMode
		gid     int
	}{
		{Options{}, 0o660, os.Getgid()},
		{Options{Mode: 0o600}, 0o600, os.Getgid()},
		{Options{Mode: 0o666, Group: strconv.Itoa(gid)}, 0o666, gid},
		{Options{Mode: 0o660, Group: own.Name}, 0o660, os.Getgid()},
	} {
		test.options.SocketPath = filepath.Join(transporttest.Folder(t), "s")
		if _, err := listen(t, test.options); err != nil {
			t.Error(err)
			continue
		}
		info, err := os.Lstat(test.options.SocketPath)
		if err != nil {
			t.Fatal(err)
		}
		if owner := info.Sys().(*syscall.Stat_t); info.Mode() != fs.ModeSocket|test.mode || int(owner.Gid) != test.gid {
			t.Errorf("%v: mode %v, group %d", test, info.Mode(), owner.Gid)
		}
	}
}

func TestAStaleSocketIsReplaced(t *testing.T) {
	t.Parallel()
	path := filepath.Join(transporttest.Folder(t), "s")
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	_ = stale.Close()
	server := start(t, &fakeService{}, Options{SocketPath: path})
	if got := ask(t, server.path, goodRequest); got != goodAnswer {
		t.Errorf("got %s", got)
	}
}

func TestALiveSocketIsLeftAlone(t *testing.T) {
	t.Parallel()
	base := transporttest.Folder(t)
	live := start(t, &fakeService{}, Options{SocketPath: filepath.Join(base, "live")})
	for _, options := range []Options{
		{SocketPath: live.path},
		{SocketPath: filepath.Join(base, "other"), LegacySocketPath: live.path},
	} {
		_, err := listen(t, options)
		want := "listen on " + live.path + ": another program is listening on " + live.path + "; stop it, or choose another socket path"
		if textOrEmpty(err) != want {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
	if got := ask(t, live.path, goodRequest); got != goodAnswer {
		t.Errorf("the live socket answers %s", got)
	}
	if got := entries(t, base); got != "live" {
		t.Errorf("the folder holds %s", got)
	}
}

func TestASocketOfAnotherTypeIsLeftAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(transporttest.Folder(t), "s")
	live, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = live.Close() }()
	if _, err := listen(t, Options{SocketPath: path}); !strings.Contains(textOrEmpty(err), "another program may be listening on "+path) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Error(err)
	}
}

func TestWhatIsNoSocketIsLeftAlone(t *testing.T) {
	t.Parallel()
	base := transporttest.Folder(t)
	file, link, sub := filepath.Join(base, "file"), filepath.Join(base, "link"), filepath.Join(base, "sub")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", link); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(sub, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, link, sub} {
		_, err := listen(t, Options{SocketPath: path})
		want := "listen on " + path + ": " + path + " exists and is no socket; move it away, or choose another socket path"
		if textOrEmpty(err) != want {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "precious" {
		t.Errorf("the file holds %q, %v", text, err)
	}
	if got := entries(t, base); got != "file link sub" {
		t.Errorf("the folder holds %s", got)
	}
}

func TestListenRefusals(t *testing.T) {
	t.Parallel()
	base := transporttest.Folder(t)
	if err := os.WriteFile(filepath.Join(base, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	long := filepath.Join(base, strings.Repeat("x", 108-len(base)))
	for _, test := range []struct {
		options Options
		want    string
	}{
		{Options{}, `socket path "" is not absolute`},
		{Options{SocketPath: "db-cmd.sock"}, `socket path "db-cmd.sock" is not absolute`},
		{Options{SocketPath: "@abstract"}, `socket path "@abstract" is not absolute`},
		{Options{SocketPath: long}, "has 109 bytes and the system allows 107; choose a shorter one"},
		{Options{SocketPath: filepath.Join(base, "file", "s")}, "make the socket's folder"},
		{Options{SocketPath: filepath.Join(base, "s"), Group: "no-such-group"}, `group "no-such-group": there is none of that name`},
		{Options{SocketPath: filepath.Join(base, "s"), Group: "-1"}, `group "-1": there is none of that name`},
		{Options{SocketPath: filepath.Join(base, "s"), Group: "4294967295"}, "there is none of that name"},
	} {
		if _, err := listen(t, test.options); !strings.Contains(textOrEmpty(err), test.want) {
			t.Errorf("got %v\nwant %s", err, test.want)
		}
	}
	if got := entries(t, base); got != "file" {
		t.Errorf("the folder holds %s", got)
	}
}

func TestCloseLeavesAnothersSocket(t *testing.T) {
	t.Parallel()
	path := filepath.Join(transporttest.Folder(t), "s")
	server, err := listen(t, Options{SocketPath: path})
	if err != nil {
		t.Fatal(err)
	}
	other, err := net.Listen("unix", path+"2")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	if err := os.Rename(path+"2", path); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("the other's socket: %v", err)
	}
}

func TestTheLifeOfAServer(t *testing.T) {
	t.Parallel()
	server, err := listen(t, Options{SocketPath: filepath.Join(transporttest.Folder(t), "s")})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Listen(); err == nil {
		t.Error("a second Listen succeeds")
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(context.Background()) }()
	if got := ask(t, server.options.SocketPath, goodRequest); got != goodAnswer {
		t.Errorf("got %s", got)
	}
	if err := server.Serve(context.Background()); err == nil {
		t.Error("a second Serve succeeds")
	}
	for range 2 {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := await(t, ended); err != nil {
		t.Errorf("Serve after Close: %v", err)
	}
	if server.Listen() == nil || server.Serve(context.Background()) == nil {
		t.Error("a closed server can be used again")
	}
	if New(&fakeService{}, Options{}).Serve(context.Background()) == nil {
		t.Error("Serve without Listen succeeds")
	}
}
