package pager

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestShow(t *testing.T) {
	long := strings.Repeat("a line\n", 100_000)
	for name, test := range map[string]struct{ command, text, want string }{
		"as it is":               {"cat", "a page\n", "a page\n"},
		"a command with options": {"sed -n 2p", "one\ntwo\n", "two\n"},
		"who has seen enough":    {"head -n 1", long, "a line\n"},
		"who ends badly":         {"cat; exit 3", "a page\n", "a page\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var shown, stderr bytes.Buffer
			if err := Show(test.command, test.text, &shown, &stderr); err != nil || shown.String() != test.want || stderr.Len() > 0 {
				t.Errorf("shown %q, %q, %v; want %q", &shown, &stderr, err, test.want)
			}
		})
	}
}

func TestLessIsToldHow(t *testing.T) {
	told := func(want string) {
		t.Helper()
		var shown bytes.Buffer
		if err := Show(`echo "LESS=$LESS"`, "", &shown, &shown); err != nil || shown.String() != want+"\n" {
			t.Errorf("%q, %v; want %s", &shown, err, want)
		}
	}
	t.Setenv("LESS", "-N")
	told("LESS=-N")
	if err := os.Unsetenv("LESS"); err != nil {
		t.Fatal(err)
	}
	told(lessOptions)
}

func TestNoPager(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "folder")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"no-such-pager", folder} {
		var shown, stderr bytes.Buffer
		err := Show(command, "a page\n", &shown, &stderr)
		if !errors.Is(err, ErrNoPager) || !strings.Contains(err.Error(), command) {
			t.Errorf("%s: %v", command, err)
		}
		if shown.Len() > 0 {
			t.Errorf("%s has shown %q", command, &shown)
		}
	}
}

// Who interrupts what the pager does still has the page.
func TestInterruptIsThePagers(t *testing.T) {
	var shown bytes.Buffer
	// The shell asks for it itself: its parent is this process.
	command := `trap : INT; kill -INT $PPID; kill -INT $PPID; cat`
	if err := Show(command, "a page\n", &shown, &shown); err != nil || shown.String() != "a page\n" {
		t.Errorf("%q, %v", &shown, err)
	}
}
