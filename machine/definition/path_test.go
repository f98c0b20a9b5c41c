package definition

import (
	"strings"
	"testing"
)

func TestWhatLiesAhead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ machine, state, want string }{
		{"full_backup", "queued", "validate reserve copy count compress stream seal publish record"},
		{"full_backup", "copy", "count compress seal publish record"},
		{"full_backup", "stream", "count compress seal publish record"},
		{"full_backup", "record", ""},
		{"restore_folder", "apply", "replay arrange place record"},
		{"full_backup", "of_old", ""},
	} {
		got, err := Ahead(test.machine, test.state)
		if err != nil || strings.Join(got, " ") != test.want {
			t.Errorf("%s, %s: %q, %v; want %q", test.machine, test.state, got, err, test.want)
		}
	}
	if _, err := Ahead("nonsense", "copy"); err == nil {
		t.Error("an unknown machine has states")
	}
}
