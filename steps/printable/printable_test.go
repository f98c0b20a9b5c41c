package printable

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                  "",
		"Größe 5 µm, 日本語, 👩‍💻":              "Größe 5 µm, 日本語, 👩‍💻",
		`C:\x1b`:                            `C:\x1b`,
		"two\n\tlines":                      "two\n\tlines",
		"a\x1b[31mred\x1b[0m":               `a\x1b[31mred\x1b[0m`,
		"bell\a, back\b, return\r, nul\x00": `bell\a, back\b, return\r, nul\x00`,
		"delete\x7f, C1 \u0085\u009b2J":     `delete\x7f, C1 \u0085\u009b2J`,
		"evil\u202egpj.exe\u2066":           `evil\u202egpj.exe\u2066`,
		"line\u2028paragraph\u2029":         `line\u2028paragraph\u2029`,
		"tag\U000e0041, mark\ufeff":         `tag\U000e0041, mark\ufeff`,
		"broken \xff\x9b, cut off \xe2\x80": `broken \xff\x9b, cut off \xe2\x80`,
		"the sign itself \ufffd":            "the sign itself \ufffd",
	} {
		if got := Text(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	if got := Line("a\nforged\tline\x1b"); got != `a\nforged\tline\x1b` {
		t.Errorf("got %q", got)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"a":1}`:                           `{"a":1}`,
		`{"a":"\"\\\/\n\t"}`:                `{"a":"\"\\\/\n\t"}`,
		`{"a":"\u001b[31m\u0007\b\f\r"}`:    `{"a":"\\x1b[31m\\a\\b\\f\\r"}`,
		`{"a":"\\u001b"}`:                   `{"a":"\\u001b"}`,
		`{"a":"\\\u001b"}`:                  `{"a":"\\\\x1b"}`,
		"{\"a\":\"\x7f\u009b\u202e\"}":      `{"a":"\\x7f\\u009b\\u202e"}`,
		`{"\u202E":"\u2028"}`:               `{"\\u202e":"\\u2028"}`,
		`{"a":"\ud83d\ude00\udb40\udc41"}`:  `{"a":"\ud83d\ude00\\U000e0041"}`,
		`{"a":"\ud83d \u000a\u0009\u0041"}`: `{"a":"\ud83d \u000a\u0009\u0041"}`,
		"{\n\t\"a\": 1\n}":                  "{\n\t\"a\": 1\n}",
	} {
		if got := string(JSON([]byte(text))); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

// FuzzPrintable: nothing hidden is left, nothing else is changed, and JSON says
// of its strings what Text says of them.
func FuzzPrintable(f *testing.F) {
	for _, seed := range []string{"", "plain", "\x1b]0;title\a", "\u202e\xff\\", `\u001b`, "\u2028\r\n\t", "\xe2\x80"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Text(text)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return r != '\n' && r != '\t' && hidden(r) }) {
			t.Fatalf("%q: %q", text, got)
		}
		if again := Text(got); again != got {
			t.Fatalf("%q twice: %q", got, again)
		}
		if line := Line(text); strings.ContainsAny(line, "\n\t") || Text(line) != line {
			t.Fatalf("%q as a line: %q", text, line)
		}
		var encoded bytes.Buffer
		if err := json.NewEncoder(&encoded).Encode([]string{text}); err != nil {
			t.Fatal(err)
		}
		var decoded []string
		if err := json.Unmarshal(JSON(encoded.Bytes()), &decoded); err != nil {
			t.Fatalf("%s: %v", JSON(encoded.Bytes()), err)
		}
		// The encoder writes a sign of its own for what is no text.
		want := Text(strings.ToValidUTF8(text, "\ufffd"))
		if strings.ReplaceAll(decoded[0], "\ufffd", "") != strings.ReplaceAll(want, "\ufffd", "") {
			t.Fatalf("%q in JSON: %q, want %q", text, decoded[0], want)
		}
	})
}
