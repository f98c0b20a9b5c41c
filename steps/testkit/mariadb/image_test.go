package mariadbtest

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

func TestImageIsTheFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hole := append(bytes.Repeat([]byte("x"), blockSize+1), make([]byte, 5*blockSize)...)
	testkit.Write(t, dir, map[string]string{
		"empty": "", "short": "abc", "zeros": string(make([]byte, 3*blockSize)), "sub/hole": string(hole), "sub/end": string(hole) + "end",
	})
	if err := os.Chmod(filepath.Join(dir, "short"), 0o666); err != nil {
		t.Fatal(err)
	}
	made, err := readImage(dir)
	if err != nil {
		t.Fatal(err)
	}
	again := filepath.Join(t.TempDir(), "again")
	if err := made.write(again); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(testkit.Tree(t, again), testkit.Tree(t, dir)) {
		t.Error("the copy differs")
	}
	info, err := os.Stat(filepath.Join(again, "short"))
	if err != nil || info.Mode().Perm() != 0o666 {
		t.Errorf("the copy's mode: %v, %v", info.Mode(), err)
	}
	kept := 0
	for _, file := range made {
		for _, b := range file.blocks {
			kept += len(b.bytes)
		}
	}
	if kept > 7*blockSize {
		t.Errorf("it keeps %d bytes, zeros among them", kept)
	}
	if err := made.write(again); !errors.Is(err, fs.ErrExist) {
		t.Errorf("written over what is there: %v", err)
	}
}
