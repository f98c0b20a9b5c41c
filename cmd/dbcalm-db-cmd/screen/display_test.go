package screen

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/machine/api"
)

// Without a terminal a state that lasts is told of at each tenth or every half
// minute, whichever comes later.
func TestLongStatesAreToldOfInLines(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		took time.Duration
		// measured says of what the daemon tells: bytes of a whole, or bytes alone.
		done, whole bool
		lines       int
		want        []string
	}{
		"three hours":              {3 * time.Hour, true, true, 9, []string{"12:18:00Z  copy: 10 %, ", "14:42:00Z  copy: 90 %, "}},
		"two minutes":              {2 * time.Minute, true, true, 3, []string{"12:00:30Z  copy: 25 %, ", "12:01:30Z  copy: 75 %, "}},
		"twenty seconds":           {20 * time.Second, true, true, 0, nil},
		"of a size nobody knows":   {2 * time.Minute, true, false, 3, []string{"12:00:30Z  copy: 30.0 MiB"}},
		"of which nothing is told": {2 * time.Minute, false, false, 3, []string{"12:00:30Z  copy: 30s so far", "12:01:30Z  copy: 1m30s so far"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			now := began
			d := (&Screen{Now: func() time.Time { return now }}).DisplayOn(&out)
			view := api.OperationView{OperationSummary: api.OperationSummary{ID: "op", State: "copy", Status: "running"}}
			view.Transitions = []api.TransitionView{{Seq: 1, From: "reserve", To: "copy", At: began}}
			for now.Sub(began) < test.took {
				if passed := now.Sub(began); test.done {
					view.Progress = &api.ProgressView{DoneBytes: int64(passed.Seconds()) << 20}
					if test.whole {
						view.Progress.TotalBytes = int64(test.took.Seconds()) << 20
					}
				}
				d.Show([]api.OperationView{view})
				now = now.Add(250 * time.Millisecond)
			}
			told := strings.Split(strings.TrimSpace(out.String()), "\n")
			if n := len(told) - 1; n != test.lines || !strings.Contains(told[0], "reserve → copy") {
				t.Errorf("%d lines, want %d:\n%s", n, test.lines, &out)
			}
			for _, want := range test.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("it lacks %q:\n%s", want, &out)
				}
			}
			view.Status = "succeeded"
			out.Reset()
			now = now.Add(time.Hour)
			if d.Show([]api.OperationView{view}); out.Len() > 0 {
				t.Errorf("told of what is over: %s", &out)
			}
		})
	}
}
