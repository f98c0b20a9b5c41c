package client

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"testing"

	transporttest "dbcalm-db-cmd/transport/testkit"
)

// Root may connect to anything, so the error is made up here.
func TestNoPermissionNamesTheGroup(t *testing.T) {
	t.Parallel()
	base := transporttest.Folder(t)
	path := filepath.Join(base, "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	if err := os.Chmod(path, 0o660); err != nil {
		t.Fatal(err)
	}
	denied := &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", fs.ErrPermission)}
	hidden := filepath.Join(base, "missing", "s")
	group := groupName(os.Getgid())
	for _, test := range []struct{ path, want string }{
		{path, "you may not use it: run this as root or as a member of group " + group},
		{filepath.Join(base, "gone"), "you may not use it: run this as root or as a member of group " + group},
		{hidden, "you may not use it: run this as root"},
	} {
		if got := unreachable(test.path, denied); got.Advice != test.want || !errors.Is(got, fs.ErrPermission) {
			t.Errorf("%s: %v", test.path, got)
		}
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := unreachable(path, denied).Advice; got != "you may not use it: run this as root" {
		t.Errorf("a socket without group access: %s", got)
	}
}
