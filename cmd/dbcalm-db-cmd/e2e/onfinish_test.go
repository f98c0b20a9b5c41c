package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/job"
)

// tellTo sets an on_finish command that keeps what it is told, one file each
// time, and then does something else.
func (w *world) tellTo(then string) {
	w.t.Helper()
	w.configure("on_finish", strconv.Quote(fmt.Sprintf(`cd %s; n=$(ls | grep -c '^told\.[0-9]*$'); cat >told.part
echo "$DBCALM_MACHINE $DBCALM_BACKUP_ID $DBCALM_STATUS $DBCALM_OPERATION_ID" >environment.$n; mv told.part told.$n; %s`, w.dir, then)))
}

// told waits until the command has been run so often and returns what it was
// told last.
func (w *world) told(times int) (text, environment string) {
	w.t.Helper()
	n := strconv.Itoa(times - 1)
	w.eventually("on_finish has run "+strconv.Itoa(times)+" times", func() bool {
		_, err := os.Stat(filepath.Join(w.dir, "told."+n))
		return err == nil
	})
	for name, into := range map[string]*string{"told." + n: &text, "environment." + n: &environment} {
		content, err := os.ReadFile(filepath.Join(w.dir, name))
		if err != nil {
			w.t.Fatal(err)
		}
		*into = strings.TrimSuffix(string(content), "\n")
	}
	return text, environment
}

// TestOnFinish compares what the command is told with what a person sees, and
// looks for the secret in it.
func TestOnFinish(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.tellTo(": hunter2; sleep 1000 & exit 9")
	w.start()
	full := w.full("full")
	w.succeeded(full)
	text, environment := w.told(1)
	shown, _, _ := w.cli("operations", "show", full, "--json")
	if text+"\n" != shown || environment != "full_backup full succeeded "+full {
		t.Errorf("told of %q:\n%s\nshown:\n%s", environment, text, shown)
	}
	if err := w.client.DeleteBackup(w.ctx(), api.DeleteRequest{ID: "full"}); err != nil {
		t.Fatal(err)
	}
	if _, environment := w.told(2); !strings.HasPrefix(environment, "delete_backup full succeeded ") {
		t.Errorf("told of %q", environment)
	}
	w.eventually("the failure is logged", func() bool {
		return strings.Contains(w.daemonLog(), "on_finish failed; the operation is not affected") &&
			strings.Contains(w.daemonLog(), "on_finish ended with exit code 9")
	})
	checked, _, _ := w.cli("config", "check")
	for what, text := range map[string]string{"the log": w.daemonLog(), "config check": checked} {
		if strings.Contains(text, "hunter2") {
			t.Errorf("%s tells the secret:\n%s", what, text)
		}
	}
	w.stop()
	if left := w.processes(); len(left) > 0 {
		t.Errorf("left running: %v", left)
	}
}

// TestOnFinishOverCrashes kills the daemon between an operation's end and its
// command, during the command, and between the command's end and its record:
// each time the command runs again, and nothing of the first run is left.
func TestOnFinishOverCrashes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{tags: "crashpoints"})
	points := filepath.Join(w.dir, "points")
	if err := os.Mkdir(points, 0o700); err != nil {
		t.Fatal(err)
	}
	w.env = append(w.env, "DBCALM_CRASH_DIR="+points)
	arm := func(point string) (hit func() bool) {
		if err := os.WriteFile(filepath.Join(points, point), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		return func() bool { _, err := os.Stat(filepath.Join(points, point+".hit")); return err == nil }
	}
	hang := filepath.Join(w.dir, "hang")
	w.tellTo(`[ ! -e hang ] || { (echo $$ >shell; sleep 1000; :) & wait; }`)
	w.start()

	hit := arm("after-record")
	full := w.full("full")
	w.eventually("the operation has ended", hit)
	if err := os.WriteFile(hang, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w.kill()
	w.start()
	text, environment := w.told(1)
	if environment != "full_backup full succeeded "+full || !strings.Contains(text, `"status": "succeeded"`) {
		t.Errorf("told of %q: %s", environment, text)
	}

	shell := 0
	w.eventually("the command hangs", func() bool {
		content, _ := os.ReadFile(filepath.Join(w.dir, "shell"))
		shell, _ = strconv.Atoi(strings.TrimSpace(string(content)))
		return shell != 0
	})
	group, err := unix.Getpgid(shell)
	if err != nil {
		t.Fatal(err)
	}
	w.kill()
	w.eventually("the command and what it started are gone", func() bool { return errors.Is(unix.Kill(-group, 0), unix.ESRCH) })
	if _, err := job.Identify(shell); !errors.Is(err, job.ErrGone) {
		t.Errorf("the shell: %v", err)
	}
	if err := os.Remove(hang); err != nil {
		t.Fatal(err)
	}
	hit = arm("on-finish-ran")
	w.start()
	w.eventually("the command has run", hit)
	w.kill()
	w.start()
	for times := 2; times <= 3; times++ {
		if _, environment := w.told(times); environment != "full_backup full succeeded "+full {
			t.Errorf("time %d: told of %q", times, environment)
		}
	}
	db := w.ledger()
	w.eventually("it is recorded", func() bool {
		var state string
		return db.QueryRow(`SELECT on_finish FROM operation_end`).Scan(&state) == nil && state == "done"
	})
	w.stop()
	w.start()
	if _, err := os.Stat(filepath.Join(w.dir, "told.3")); err == nil {
		t.Error("what was recorded as told was told again")
	}
}
