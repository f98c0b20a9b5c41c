package disk

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/testkit"
)

func TestWriteAdvice(t *testing.T) {
	t.Parallel()
	denied := &os.PathError{Op: "mkdir", Path: "/store", Err: unix.EACCES}
	testkit.Says(t, WriteAdvice(denied),
		"mkdir /store: permission denied: give it to the user that the daemon runs as, or run the daemon as root")
	if full := unix.ENOSPC; WriteAdvice(full) != full {
		t.Error("advice on what has nothing to do with rights")
	}
}
