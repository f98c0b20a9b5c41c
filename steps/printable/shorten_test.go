package printable

import "testing"

func TestShorten(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text  string
		limit int
		want  string
	}{
		{"abcdef", 6, "abcdef"}, {"abcdef", 5, "ab…"}, {"ä€ä", 6, "ä…"}, {"ä€ä", 5, "ä…"}, {"", 0, ""}, {"a", 0, "…"},
	} {
		if got := Shorten(test.text, test.limit); got != test.want {
			t.Errorf("Shorten(%q, %d) = %q, want %q", test.text, test.limit, got, test.want)
		}
	}
}
