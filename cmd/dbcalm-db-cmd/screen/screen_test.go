package screen

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// Whatever a daemon, or what passes for one, has said: the terminal obeys
// nothing but our own colours, and JSON holds no control characters either.
func TestAnswersKeepTheTerminalSafe(t *testing.T) {
	t.Parallel()
	const evil = "a\x1b[2Jb\r\u202ec\u009bd\xff"
	const shown = `a\x1b[2Jb\r\u202ec\u009bd\xff`
	for _, colour := range []bool{false, true} {
		var out bytes.Buffer
		s := &Screen{Out: &out, Colour: colour}
		if err := s.Print(s.Paint(Red, "own") + evil + "\n\t"); err != nil {
			t.Fatal(err)
		}
		want := "own" + shown + "\n\t"
		if colour {
			want = "\x1b[31mown\x1b[0m" + shown + "\n\t"
		}
		if got := out.String(); got != want {
			t.Errorf("colour %v: got %q, want %q", colour, got, want)
		}
	}
	var out bytes.Buffer
	if err := (&Screen{Out: &out}).JSON([]string{evil}); err != nil {
		t.Fatal(err)
	}
	var got []string
	// JSON itself has no room for bytes that are no text.
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || got[0] != strings.TrimSuffix(shown, `\xff`)+"\ufffd" {
		t.Errorf("got %q, %v", got, err)
	}
	table := Table{Header: []string{"NAME", "NOTE"}}
	table.Add("\x1b[5m", "x")
	if got := table.String(); got != "NAME     NOTE\n\\x1b[5m  x\n" {
		t.Errorf("got %q", got)
	}
}
