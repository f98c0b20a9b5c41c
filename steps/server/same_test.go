package server

import (
	"strings"
	"testing"
	"time"
)

func TestDataIsKnownByItsBirth(t *testing.T) {
	t.Parallel()
	born, later := time.Unix(1000, 0).UTC(), time.Unix(2000, 0).UTC()
	for name, test := range map[string]struct {
		was, now Info
		want     string
	}{
		"the same":               {Info{UID: "a", DataBirth: born}, Info{UID: "a", DataBirth: born}, ""},
		"another port":           {Info{UID: "a", DataBirth: born}, Info{UID: "b", DataBirth: born}, ""},
		"an id since an upgrade": {Info{DataBirth: born}, Info{UID: "b", DataBirth: born}, ""},
		"installed anew": {Info{UID: "a", DataBirth: born}, Info{UID: "a", DataBirth: later},
			"of another data directory (created 1970-01-01 00:16:40, this one 1970-01-01 00:33:20)"},
		"no birth, one id": {Info{UID: "a"}, Info{UID: "a", DataBirth: born}, ""},
		"no birth, two ids": {Info{UID: "a"}, Info{UID: "b", DataBirth: born},
			"of another server (a, this one is b), or of this one with another port or network address"},
	} {
		if got := test.was.SameData(test.now); got != test.want && (test.want == "" || !strings.HasPrefix(got, test.want)) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
