package machine

import (
	"errors"
	"strings"
	"testing"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/testkit"
)

func TestLogsOfAnOperation(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.start()
	id := w.restore("full")
	w.ends(id, persistence.Succeeded)
	for _, follow := range []bool{false, true} {
		var text strings.Builder
		err := w.Logs(t.Context(), id, follow, func(c api.LogChunk) error {
			text.WriteString(c.State + ": " + c.Text)
			return nil
		})
		if err != nil || !strings.HasPrefix(text.String(), "prepare: preparing ") || !strings.HasSuffix(text.String(), "completed OK!\n") {
			t.Errorf("follow %t: got %q, %v", follow, text.String(), err)
		}
	}
	enough := errors.New("enough")
	if err := w.Logs(t.Context(), id, false, func(api.LogChunk) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("got %v", err)
	}
	if err := w.Logs(t.Context(), "unknown", false, nil); api.KindOf(err) != api.NotFound {
		t.Errorf("got %v", err)
	}
}
