package socket

import (
	"os"
	"path/filepath"
	"testing"

	transporttest "dbcalm-db-cmd/transport/testkit"
)

// Even under its hidden name, nobody else can connect before the mode is set.
func TestANewSocketIsPrivate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(transporttest.Folder(t), "s")
	listener, err := listenPrivately(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Perm()&0o177 != 0 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}
