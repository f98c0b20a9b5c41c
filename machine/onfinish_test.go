package machine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/testkit"
)

// telling makes the on_finish command keep what it is told in files named for
// the order in which it was, and then do something else.
func telling(then string) func(*steps.Settings) {
	return func(s *steps.Settings) {
		dir := filepath.Dir(s.StateDir)
		s.OnFinish = fmt.Sprintf(`cd %s; n=$(ls told.*.json 2>/dev/null | wc -l); cat >told.$n.part
echo "$DBCALM_MACHINE $DBCALM_BACKUP_ID $DBCALM_STATUS $DBCALM_OPERATION_ID" >told.$n.env; mv told.$n.part told.$n.json; %s`, dir, then)
		s.OnFinishTimeout = testkit.Patience
	}
}

// told waits until the command has been run so often, and returns what it was
// told last.
func (w *world) told(times int) (api.OperationView, string) {
	w.t.Helper()
	name := filepath.Join(w.dir, fmt.Sprintf("told.%d", times-1))
	w.eventually(fmt.Sprintf("on_finish has run %d times", times), func() bool { _, err := os.Stat(name + ".json"); return err == nil })
	text, err := os.ReadFile(name + ".json")
	if err != nil {
		w.t.Fatal(err)
	}
	var v api.OperationView
	if err := json.Unmarshal(text, &v); err != nil {
		w.t.Fatalf("%v: %s", err, text)
	}
	environment, err := os.ReadFile(name + ".env")
	if err != nil {
		w.t.Fatal(err)
	}
	return v, strings.TrimSpace(string(environment))
}

// settled waits until no command is owed.
func (w *world) settled() {
	w.t.Helper()
	w.eventually("nothing is owed", func() bool { _, err := w.OwedOnFinish(w.t.Context()); return errors.Is(err, persistence.ErrNotFound) })
}

func (w *world) outcomes() string {
	w.t.Helper()
	var text string
	query := `SELECT coalesce(group_concat(on_finish || ' ' || on_finish_error, '; '), '')
		FROM (SELECT * FROM operation_end WHERE operation_id NOT LIKE 'made-%' ORDER BY number)`
	if err := w.ledger().QueryRowContext(w.t.Context(), query).Scan(&text); err != nil {
		w.t.Fatal(err)
	}
	return text
}

func TestEveryEndIsTold(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t, telling("exit 0"))
	w.backup("full", "", 0, 100)
	luck := errLuck
	w.replace["arrange_restore"] = steps.Step{Run: func(_ context.Context, t steps.Task) (steps.Outcome, error) {
		return steps.Outcome{Event: steps.EventOK, Reason: "luck", Data: t.Data}, luck
	}}
	w.start()
	id := w.restore("full")
	w.ends(id, persistence.Failed)
	v, environment := w.told(1)
	if environment != "restore_folder full failed "+id || v.ID != id || v.Status != "failed" || v.State != "failed" ||
		v.Error != "no luck today" || len(v.Transitions) == 0 {
		t.Errorf("told of %q, %+v", environment, v)
	}
	shown := w.show(id)
	if fmt.Sprintf("%+v", v.Transitions) != fmt.Sprintf("%+v", shown.Transitions) || len(v.Processes) != len(shown.Processes) {
		t.Errorf("told  %s\nshown %s", story(v), story(shown))
	}
	w.settled()
	delete(w.replace, "arrange_restore")
	w.start()
	w.settledDown(id)
	if _, err := w.Retry(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	w.ends(id, persistence.Succeeded)
	if v, environment := w.told(2); environment != "restore_folder full succeeded "+id || v.Status != "succeeded" || v.Attempt != 2 {
		t.Errorf("told of %q, %+v", environment, v)
	}
	w.closeGate()
	cancelled := w.restore("full")
	w.works(cancelled, "prepare")
	if err := w.Cancel(t.Context(), cancelled); err != nil {
		t.Fatal(err)
	}
	v, environment = w.told(3)
	if environment != "restore_folder full cancelled "+cancelled || v.Status != "cancelled" || v.Error != "cancelled as requested" {
		t.Errorf("told of %q, %+v", environment, v)
	}
	w.settled()
	if got := w.outcomes(); got != "done ; done ; done " {
		t.Errorf("outcomes %q", got)
	}
}

// An operation that is retried before its end was told is told of as it was.
func TestEndIsToldAsItWas(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t, telling(`[ ! -e hang ] || exec sleep 1000`))
	w.backup("full", "", 0, 100)
	w.write(filepath.Join(w.dir, "hang"), "")
	w.replace["arrange_restore"] = steps.Step{
		Run: func(context.Context, steps.Task) (steps.Outcome, error) { return steps.Outcome{}, errLuck }}
	w.start()
	id := w.restore("full")
	ended := w.ends(id, persistence.Failed)
	w.told(1)
	delete(w.replace, "arrange_restore")
	w.start()
	w.told(2)
	w.settledDown(id)
	if _, err := w.Retry(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	w.ends(id, persistence.Succeeded)
	w.Stop()
	if err := os.Remove(filepath.Join(w.dir, "hang")); err != nil {
		t.Fatal(err)
	}
	w.start()
	v, environment := w.told(3)
	if environment != "restore_folder full failed "+id || fmt.Sprintf("%+v", v.Transitions) != fmt.Sprintf("%+v", ended.Transitions) ||
		len(v.Processes) != len(ended.Processes) {
		t.Errorf("told of %s\n%s\nwant\n%s", environment, story(v), story(ended))
	}
	if v.Status != "failed" || v.State != "failed" || v.Attempt != 1 || v.Error != "no luck today" || !v.FinishedAt.Equal(*ended.FinishedAt) ||
		!v.StartedAt.Equal(*ended.StartedAt) {
		t.Errorf("told as %+v", v.OperationSummary)
	}
	if v, _ := w.told(4); v.Status != "succeeded" || v.Attempt != 2 {
		t.Errorf("told then as %+v", v.OperationSummary)
	}
	w.settled()
}

func TestOnFinishFailureIsNotTheOperations(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t, telling("echo no pager >&2; exit 7"))
	w.backup("full", "", 0, 100)
	w.start()
	id := w.restore("full")
	w.ends(id, persistence.Succeeded)
	w.told(1)
	w.settled()
	got := w.outcomes()
	if got != `failed on_finish ended with exit code 7 and said "no pager": try it by hand on the output of operations show `+id+` --json` {
		t.Errorf("outcomes %q", got)
	}
	if v := w.show(id); v.Status != "succeeded" || v.Error != "" {
		t.Errorf("the operation: %+v", v.OperationSummary)
	}
}

// A command that hangs holds up neither other operations nor the daemon's end,
// and runs again.
func TestOnFinishThatHangs(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t, telling(`[ ! -e hang ] || exec sleep 1000`))
	w.backup("full", "", 0, 100)
	w.write(filepath.Join(w.dir, "hang"), "")
	w.start()
	first, second := w.restore("full"), w.restore("full")
	w.ends(first, persistence.Succeeded)
	w.told(1)
	w.ends(second, persistence.Succeeded)
	w.Stop()
	if err := os.Remove(filepath.Join(w.dir, "hang")); err != nil {
		t.Fatal(err)
	}
	w.start()
	if _, environment := w.told(2); !strings.HasSuffix(environment, first) {
		t.Errorf("told again of %q, want %s", environment, first)
	}
	if _, environment := w.told(3); !strings.HasSuffix(environment, second) {
		t.Errorf("told then of %q, want %s", environment, second)
	}
	w.settled()
}

func TestOnFinishThatIsTakenAway(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t, telling(`exec sleep 1000`))
	w.backup("full", "", 0, 100)
	w.start()
	w.ends(w.restore("full"), persistence.Succeeded)
	w.told(1)
	w.Stop()
	command := w.host.Jobs.OnFinish
	w.host.Jobs.OnFinish = ""
	w.start()
	w.settled()
	w.ends(w.restore("full"), persistence.Succeeded)
	w.host.Jobs.OnFinish = command
	w.start()
	w.settled()
	if _, err := os.Stat(filepath.Join(w.dir, "told.1.json")); err == nil {
		t.Error("what was forgotten was told")
	}
}
