package job

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/steps/testkit"
)

func TestLogIsKept(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	h := newYard(t)
	h.WriteCredentials("[client-dbcalm]\nuser=u\npassword=s3cret\n")
	folder := h.Folder("op", 7)
	all := strings.Repeat("a line with s3cret in it\n", 100_000)
	testkit.Write(t, folder, map[string]string{OutputFile: all, shellFile: "sent\n"})
	read := func() string {
		t.Helper()
		var text strings.Builder
		for offset := int64(0); ; {
			part, next, err := h.ReadLog(folder, LogOutput, offset)
			if err != nil {
				t.Fatal(err)
			}
			if part == "" {
				return text.String()
			}
			text.WriteString(part)
			offset = next
		}
	}
	want := strings.ReplaceAll(all, "s3cret", "***")
	if read() != want {
		t.Error("while the job runs, something else is read")
	}
	for range 2 {
		if err := h.KeepLog(folder); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Remove(folder); err != nil {
		t.Fatal(err)
	}
	if read() != want {
		t.Error("when the job is gone, something else is read")
	}
	if text, _, err := h.ReadLog(folder, LogShell, 0); err != nil || text != "sent\n" {
		t.Errorf("of the command is kept %q, %v", text, err)
	}
	if kept := testkit.Tree(t, h.logsDir()); len(kept) != 3 {
		t.Errorf("kept are %d files and folders", len(kept))
	}
	if err := h.PruneLogs(time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if read() != want {
		t.Error("a young log was removed")
	}
	if err := h.PruneLogs(time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.ReadLog(folder, LogOutput, 0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an old log: %v", err)
	}
}

// The end of a line may be still to come, and the password in it.
func TestLogOfARunningJobIsReadInLines(t *testing.T) {
	t.Parallel()
	h := newYard(t)
	folder := h.Folder("op", 1)
	testkit.Write(t, folder, map[string]string{OutputFile: "one\ntw"})
	text, next, err := h.ReadLog(folder, LogOutput, 0)
	if text != "one\n" || next != 4 || err != nil {
		t.Errorf("got %q, %d, %v", text, next, err)
	}
	if text, _, err := h.ReadLog(folder, LogOutput, next); text != "" || err != nil {
		t.Errorf("then %q, %v", text, err)
	}
}

func TestLogThatCannotBeKept(t *testing.T) {
	t.Parallel()
	h := newYard(t)
	folder := h.Folder("op", 1)
	testkit.Write(t, folder, map[string]string{OutputFile: "text\n"})
	testkit.Write(t, h.StateDir, map[string]string{logsName: "in the way"})
	testkit.Says(t, h.KeepLog(folder), "keep the output of a program: ")
	if err := os.Remove(filepath.Join(h.StateDir, logsName)); err != nil {
		t.Fatal(err)
	}
	if err := h.PruneLogs(time.Now()); err != nil {
		t.Errorf("nothing to prune: %v", err)
	}
}
