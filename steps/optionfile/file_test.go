package optionfile

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

// optionLines are lines of a section with what the server's own programs make
// of them.
var optionLines = []struct{ line, key, value string }{
	{`user=backup`, "user", "backup"},
	{`  user  =  backup  `, "user", "backup"},
	{"user\t=\tbackup\t", "user", "backup"},
	{`user=`, "user", ""},
	{`user`, "user", ""},
	{`user=a=b`, "user", "a=b"},
	{`user=a b`, "user", "a b"},
	{`user=Größe`, "user", "Größe"},
	{`user="a b "`, "user", "a b "},
	{`user='a "b"'`, "user", `a "b"`},
	{`user="a" b`, "user", `"a" b`},
	{`user="a" "b"`, "user", `a" "b`},
	{`user='it''s'`, "user", `it''s`},
	{`user="`, "user", `"`},
	{`user=""`, "user", ""},
	{`user="a'`, "user", `"a'`},
	{`user=a#b`, "user", "a"},
	{`user=a # b`, "user", "a"},
	{`user="a#b"`, "user", "a#b"},
	{`user="a" # b`, "user", "a"},
	{`user='a"#"b'`, "user", `a"#"b`},
	{`user=a"#"b`, "user", `a"#"b`},
	{`user="a\"#b"`, "user", `a"#b`},
	{`user=#`, "user", ""},
	{`user=a;b`, "user", "a;b"},
	{`user=a\sb\tc\\nd`, "user", "a b\tc\\nd"},
	{`user=a\qb\`, "user", `a\qb\`},
	{`user=\"a\'`, "user", `"a'`},
	{`default_group=x`, "default-group", "x"},
	{`user = a` + "\r", "user", "a"},
}

func TestOptionLines(t *testing.T) {
	t.Parallel()
	for _, test := range optionLines {
		file := parseOptions(t, "[s]\n"+test.line+"\n")
		if len(file.options) != 1 || file.options[0].Key != test.key || file.options[0].Value != test.value {
			t.Errorf("%q is read as %q, want %q %q", test.line, file.options, test.key, test.value)
		}
	}
}

// What we read of a credentials file must be what the tools read of it.
func TestOptionLinesMeanTheSameToTheToolsOfTheServer(t *testing.T) {
	t.Parallel()
	testkit.NeedsServer(t)
	var text strings.Builder
	var want []string
	text.WriteString("; a comment\n# another\n\n[other]\nuser=nobody\n[client]\n")
	for _, test := range optionLines {
		fmt.Fprintln(&text, test.line)
		key, _, _ := strings.Cut(strings.TrimSpace(test.line), "=")
		line := "--" + strings.TrimSpace(key)
		if strings.Contains(test.line, "=") {
			line += "=" + test.value
		}
		want = append(want, line)
	}
	path := filepath.Join(t.TempDir(), "my.cnf")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("my_print_defaults", "--defaults-file="+path, "client").CombinedOutput()
	if err != nil {
		t.Fatalf("my_print_defaults: %v\n%s", err, out)
	}
	got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	for i, line := range want {
		if i >= len(got) || got[i] != line {
			t.Errorf("the line %q is %q to us", optionLines[i].line, line)
		}
	}
	if t.Failed() || len(got) != len(want) {
		t.Errorf("to the server's tools they are\n%s", out)
	}
}

func TestSectionsAreReadInTheOrderOfTheFile(t *testing.T) {
	t.Parallel()
	file := parseOptions(t, "[client]\nuser=a\nhost=h\n[x]y]\nuser=b\n[client-dbcalm \t]z\nuser=c\n[empty]\n[client]\nuser=d\n[ client-dbcalm]\nuser=e\n")
	for _, test := range []struct {
		sections []string
		want     map[string]string
	}{
		{[]string{"client", "client-dbcalm"}, map[string]string{"user": "d", "host": "h"}},
		{[]string{"client-dbcalm"}, map[string]string{"user": "c"}},
		{[]string{"x"}, map[string]string{"user": "b"}},
		{[]string{"empty", "nonsense"}, map[string]string{}},
	} {
		if got := file.Values(test.sections...); !maps.Equal(got, test.want) {
			t.Errorf("%q: %v, want %v", test.sections, got, test.want)
		}
	}
	if !file.Has("empty") || file.Has("nonsense") {
		t.Errorf("sections are %q", file.sections)
	}
}

func TestOptionFileIsRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"[client-dbcalm\nuser=a\n":         `section "[client-dbcalm" is not closed`,
		"password=secret\n[client]\n":      `"password" stands before any section`,
		"\ufeff[client]\nuser=a\n":         "stands before any section",
		"[a]\n" + strings.Repeat("x", 1e5): "token too long",
	} {
		path := filepath.Join(t.TempDir(), "my.cnf")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := Read(path)
		if err == nil {
			t.Errorf("%.40q is read as %v", text, file)
			continue
		}
		testkit.Says(t, err, "read "+path, want)
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
	if _, err := Read(t.TempDir()); err == nil {
		t.Error("a folder is read")
	}
}

func parseOptions(t *testing.T, text string) File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "my.cnf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := Read(path)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return file
}

// FuzzOptionFile checks that nothing breaks the reader, and that a value that
// is written with quotes and escapes is read as it was.
func FuzzOptionFile(f *testing.F) {
	for _, test := range optionLines {
		f.Add(test.line, test.value)
	}
	path := filepath.Join(f.TempDir(), "my.cnf")
	f.Fuzz(func(t *testing.T, line, value string) {
		if strings.ContainsAny(value, "\r\n\x00") || len(value) > 4000 || len(line) > 4000 {
			return
		}
		text := "[s]\npassword=\"" + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + "\" # comment\n" + line + "\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := Read(path)
		if err != nil {
			return
		}
		if first := file.options[0]; first.Key != "password" || first.Value != value {
			t.Errorf("%q is read as %q", value, first)
		}
	})
}
