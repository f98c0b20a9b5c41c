package job

import (
	"os/exec"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

func TestQuoteWord(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	for word, want := range map[string]string{
		"":                 "''",
		"--backup":         "--backup",
		"--target-dir=/b":  "--target-dir=/b",
		"a-Z_0.9/=:,@%+":   "a-Z_0.9/=:,@%+",
		"a b":              "'a b'",
		"it's":             `'it'\''s'`,
		"'":                `''\'''`,
		"$HOME":            "'$HOME'",
		"a;b":              "'a;b'",
		"*":                "'*'",
		"~":                "'~'",
		"Größe":            "'Größe'",
		"line one\ntwo":    "'line one\ntwo'",
		"`ls` \"x\" \\ #!": "'`ls` \"x\" \\ #!'",
	} {
		got := QuoteWord(word)
		if got != want {
			t.Errorf("%q is quoted as %s, want %s", word, got, want)
		}
		out, err := exec.Command("sh", "-c", "printf %s "+got).CombinedOutput()
		if err != nil || string(out) != word {
			t.Errorf("a shell reads %s as %q, want %q: %v", got, out, word, err)
		}
	}
}
