package job

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// endStrays kills what a job's programs have started and left behind. The
// kernel ends a program with its supervisor, but not what the program started;
// the job's folder in its environment gives such a process away. One of them may
// start another before it is killed, so this looks again until there is none.
func endStrays(ctx context.Context, folder string) error {
	for {
		found := strays(folder)
		if len(found) == 0 {
			return nil
		}
		for _, id := range found {
			if err := id.end(ctx); err != nil {
				return fmt.Errorf("end process %d, left behind by a program: %w", id.PID, err)
			}
		}
	}
}

// end kills a process and waits for its end; one that is gone has ended.
func (id Identity) end(ctx context.Context) error {
	process, err := id.open()
	if errors.Is(err, ErrGone) {
		return nil
	}
	if err != nil {
		return err
	}
	defer process.close()
	if err := process.signal(unix.SIGKILL); err != nil {
		return err
	}
	return process.wait(ctx)
}

// strays lists the processes that carry a job's mark, but for this one.
func strays(folder string) []Identity {
	environments, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		return nil
	}
	mark := []byte(JobVariable + "=" + folder)
	var found []Identity
	for _, path := range environments {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil || pid == os.Getpid() {
			continue
		}
		// Identified before it is read, it cannot have become another one between.
		id, err := Identify(pid)
		if err != nil {
			continue
		}
		// #nosec G304 -- a file of /proc
		environment, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		for variable := range bytes.SplitSeq(environment, []byte{0}) {
			if bytes.Equal(variable, mark) {
				found = append(found, id)
			}
		}
	}
	return found
}
