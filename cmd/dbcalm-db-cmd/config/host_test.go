package config

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFindProgram(t *testing.T) {
	t.Parallel()
	first, second := t.TempDir(), t.TempDir()
	write := func(path string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(path, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(first, "plain"), 0o644)
	write(filepath.Join(second, "plain"), 0o755)
	write(filepath.Join(second, "tool"), 0o755)
	if err := os.Mkdir(filepath.Join(first, "tool"), 0o755); err != nil {
		t.Fatal(err)
	}
	list := first + "::.:" + second
	for name, want := range map[string]string{
		"tool":                        filepath.Join(second, "tool"),
		"plain":                       filepath.Join(second, "plain"),
		filepath.Join(second, "tool"): filepath.Join(second, "tool"),
		filepath.Join(first, "plain"): "",
		"host_test.go":                "",
		"../" + filepath.Base(second): "",
		"missing":                     "",
		"":                            "",
	} {
		got, found := findProgram(name, list)
		if found != (want != "") || found && got != want {
			t.Errorf("findProgram(%q) = %q, %v, want %q", name, got, found, want)
		}
	}
}

func TestThisHost(t *testing.T) {
	t.Parallel()
	h := ThisHost(false, os.Getenv)
	if h.CPUs < 1 || h.Memory < 64*mebibyte || h.Terminal {
		t.Errorf("got %+v", h)
	}
	if !h.Group("root") || !h.Group("12345") || h.Group("no such group") {
		t.Error("groups are not told apart")
	}
}
