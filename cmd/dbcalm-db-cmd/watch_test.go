package main

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"dbcalm-db-cmd/machine"
	"dbcalm-db-cmd/steps/goldentest"
)

// measured is a copy under way, 47 % of it done.
func measured() machine.OperationView {
	view := copyingView()
	left := 12.3
	view.Progress = &machine.ProgressView{What: "the tool copies the database into the private folder",
		DoneBytes: 1261 << 20, TotalBytes: 2662 << 20, BytesPerSecond: 126141235, SecondsLeft: &left, Since: at(0.25)}
	return view
}

func rewoundView() machine.OperationView {
	view := succeededView()
	view.State, view.Status, view.FinishedAt = "copy", "running", nil
	view.Transitions = []machine.TransitionView{
		{Seq: 1, Event: "accepted", To: "queued", At: at(0)},
		{Seq: 2, From: "queued", Event: "start", To: "validate", At: at(1)},
		{Seq: 3, From: "validate", Event: "ok", To: "prepare", At: at(2)},
		{Seq: 4, From: "prepare", Event: "ok", To: "copy", At: at(3)},
		{Seq: 5, From: "copy", Event: "adopt", To: "copy", At: at(4)},
		{Seq: 6, From: "copy", Event: "rewind", To: "prepare", At: at(60)},
		{Seq: 7, From: "prepare", Event: "ok", To: "copy", At: at(61)},
	}
	return view
}

func TestPictureOfOperations(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, views := range [][]machine.OperationView{{measured(), waitingView()}, {rewoundView()}, {succeededView()}, {failedView()}} {
		b.WriteString(strings.Join(drawing(views, at(70)), "\n") + "\n----\n")
	}
	goldentest.Compare(t, "watch/picture.txt", b.String())
}

func TestPictureIsDrawnOver(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := &picture{out: &out, now: func() time.Time { return at(70) }, size: func() int { return 40 }}
	p.show([]machine.OperationView{measured()})
	first := out.Len()
	if strings.Contains(out.String(), "\x1b[4A") || strings.Count(out.String(), "\n") != 4 {
		t.Errorf("first drawing: %q", out.String())
	}
	for _, line := range strings.Split(out.String(), "\n") {
		if n := len([]rune(line)); n > 40+len("\r\x1b[J") {
			t.Errorf("a line of %d columns would break: %q", n, line)
		}
	}
	p.show([]machine.OperationView{measured()})
	if again := out.String()[first:]; !strings.HasPrefix(again, "\x1b[4A\r\x1b[J") {
		t.Errorf("second drawing: %q", again)
	}
	p.note("no daemon\x1b[0m")
	before := out.Len()
	p.show([]machine.OperationView{measured()})
	if again := out.String()[before:]; strings.Contains(again, "A\r") {
		t.Errorf("a drawing over a note: %q", again)
	}
}

func TestWatchOneOperation(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		last machine.OperationView
		code int
	}{"succeeded": {succeededView(), exitOK}, "failed": {failedView(), exitFailed}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				slow := make([]any, 0, 200)
				for range 150 {
					slow = append(slow, measured())
				}
				in := newInvocation(t, &fakeDaemon{operations: sampleOperations(), views: append(append([]any{waitingView(), waitingView()}, slow...), noDaemon, test.last)})
				in.now = time.Now
				in.expect(t, test.code, "operations", "watch", test.last.ID, "--socket", "/x")
				if n := strings.Count(in.stdout.String(), "47 %"); n != 1 {
					t.Errorf("in 37 s the progress was told %d times:\n%s", n, &in.stdout)
				}
				contains(t, "stdout", in.stdout.String(), "waiting for its turn", "validate → copy", "no daemon")
				if test.code == exitOK {
					contains(t, "stdout", in.stdout.String(), "full_backup of full-1 succeeded in ")
				} else {
					contains(t, "stderr", in.stderr.String(), "full_backup of full-2 failed after ", "operations show "+secondID)
				}
			})
		})
	}
}

func TestWatchAllThatIsUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		running := copyingView()
		running.ID = thirdID
		waiting := waitingView()
		waiting.ID = fourthID
		ended := failedView()
		ended.ID = thirdID
		other := succeededView()
		other.ID = fourthID
		in := newInvocation(t, &fakeDaemon{operations: sampleOperations()[:2], views: []any{running, waiting, ended, other}})
		in.expect(t, exitFailed, "operations", "watch", "--socket", "/x")
		contains(t, "stdout", in.stdout.String(), "full_backup of full-1  validate → copy", "full_backup of full-1 succeeded")
		contains(t, "stderr", in.stderr.String(), "full_backup of full-2 failed after ")
	})
	in := newInvocation(t, &fakeDaemon{operations: sampleOperations()[2:]})
	in.expect(t, exitOK, "operations", "watch", "--socket", "/x")
	if in.stdout.String() != "Nothing is under way.\n" {
		t.Errorf("got %q", &in.stdout)
	}
}

func TestProgressIsShown(t *testing.T) {
	t.Parallel()
	in := newInvocation(t, &fakeDaemon{views: []any{measured()}})
	in.expect(t, exitOK, "operations", "show", firstID, "--socket", "/x")
	contains(t, "stdout", in.stdout.String(), "Progress   47 %, 1.2 GiB of 2.6 GiB, 120.3 MiB/s, 12s left\n")
	in = newInvocation(t, &fakeDaemon{operations: []machine.OperationSummary{measured().OperationSummary}})
	in.expect(t, exitOK, "operations", "list", "--socket", "/x")
	contains(t, "stdout", in.stdout.String(), "  copy 47 %  ")
}
