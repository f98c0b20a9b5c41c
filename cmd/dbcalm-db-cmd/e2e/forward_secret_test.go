package e2e

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"testing"

	"dbcalm-db-cmd/machine/api"
)

// TestForwardIsNowhere looks for the text of forward and retrieve, which may
// hold a secret, in every file of the daemon, on every command line and in all
// that people are shown, while they work and afterwards.
func TestForwardIsNowhere(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t-in-no-file"
	w := newWorld(t, worldOptions{})
	w.configureForm("zstd stream")
	hold, back := w.newGate("forward"), w.newGate("retrieve")
	file := w.vault() + `/$DBCALM_FILE`
	w.configure("forward", strconv.Quote(": "+secret+`; `+hold.wait()+`; cat >"`+file+`"`))
	w.configure("retrieve", strconv.Quote(": "+secret+`; `+back.wait()+`; cat "`+file+`"`))
	w.start()
	look := func(operation string) {
		t.Helper()
		for _, p := range w.processes() {
			if text := strings.Join(p.args, " "); strings.Contains(text, secret) {
				t.Errorf("process %d was given it: %s", p.pid, text)
			}
		}
		for _, dir := range []string{w.stateDir, w.backupDir} {
			if list := filesWith(t, dir, secret); len(list) > 0 {
				t.Errorf("it is in %v", list)
			}
		}
		for _, path := range []string{w.database, w.database + "-wal", w.daemon.log} {
			if content, err := os.ReadFile(path); err != nil || bytes.Contains(content, []byte(secret)) {
				t.Errorf("it is in %s, %v", path, err)
			}
		}
		for _, args := range [][]string{{"config", "check"}, {"operations", "show", operation, "--json"}, {"operations", "show", operation}} {
			if out, _, _ := w.cli(args...); strings.Contains(out, secret) || out == "" {
				t.Errorf("%v prints it: %s", args, out)
			}
		}
	}
	full := w.full("full")
	w.eventually("the stream is forwarded", hold.reached)
	look(full)
	hold.open(t)
	v := w.succeeded(full)
	if command := v.Processes[len(v.Processes)-1].Command; !strings.HasSuffix(command, " | zstd | forward") {
		t.Errorf("people are shown %s", command)
	}
	restore := w.restore(api.TargetFolder, "full")
	w.eventually("the stream is retrieved", back.reached)
	look(restore)
	back.open(t)
	w.succeeded(restore)
	look(restore)
}
