package boot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/disk"
)

// How an examination ends what it prints, beside completed: it found damage.
const FoundDamage = "found damage"

// DamagedLine begins each line in which an examination tells of damage.
const DamagedLine = "damaged: "

// ServerLock is a file beside the examined folder that the server holds locked
// as long as it has not wholly ended.
const ServerLock = "server.lock"

// serverEnd is how long a killed server may take to be gone.
const serverEnd = 30 * time.Second

// AwaitServer waits until no server of an interrupted examination is left in a
// stage: one that has been killed may be at work for a moment longer.
func AwaitServer(ctx context.Context, stage string) error {
	f, err := disk.OpenRegular(stage, ServerLock)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("wait for the end of the server: %w", err)
	}
	defer f.Close()
	limit := time.NewTimer(serverEnd)
	defer limit.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("wait for the end of the server: %w", err)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-limit.C:
			return fmt.Errorf("a server still runs in %s: find it with fuser %s and end it", stage, f.Name())
		case <-tick.C:
		}
	}
}
