package stream

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// mbstream unpacks a stream into a folder and returns the files in it, sorted.
// Like the tool's users it takes any complaint for a failure: the exit code
// tells little.
func mbstream(t *testing.T, b []byte) (folder string, files []File, problem string) {
	t.Helper()
	folder = t.TempDir()
	cmd := exec.Command("mbstream", "-x", "-C", folder)
	cmd.Stdin = bytes.NewReader(b)
	out, err := cmd.CombinedOutput()
	problem = string(out)
	if err != nil {
		problem += err.Error()
	}
	err = filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, err = filepath.Rel(folder, name)
		files = append(files, File{Path: name, Size: info.Size()})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return folder, files, problem
}

// cleaned is the list as a folder would show it.
func cleaned(files []File) []File {
	files = slices.Clone(files)
	for i := range files {
		files[i].Path = path.Clean(files[i].Path)
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files
}

func TestContentsAreWhatMbstreamUnpacks(t *testing.T) {
	t.Parallel()
	testkit.NeedsServer(t)
	streams := map[string][]byte{"the sample": sample}
	for name, test := range knownChunks {
		streams[name] = stream(test.chunks...)
	}
	for name, b := range streams {
		got, err := walk(b, len(b))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		folder, want, problem := mbstream(t, b)
		slices.SortFunc(want, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
		if problem != "" || !reflect.DeepEqual(cleaned(got.Files), want) {
			t.Errorf("%s: got %v, mbstream unpacked %v %s", name, cleaned(got.Files), want, problem)
		}
		for name, content := range got.Small {
			if unpacked := read(t, filepath.Join(folder, name)); unpacked != content {
				t.Errorf("%s: got %q, mbstream unpacked %q", name, content, unpacked)
			}
		}
	}
}

// Whatever mbstream complains of while it unpacks, the walk has refused. The
// opposite is why there is a walk.
func TestWhatMbstreamRefusesIsRefused(t *testing.T) {
	t.Parallel()
	first := whole("a", "1")
	for name, chunk := range map[string][]byte{
		"no magic":         bytes.Repeat([]byte("x"), 20),
		"unknown type":     head(0, 'Q', "b"),
		"long path":        head(0, typeEnd, strings.Repeat("p", 512)),
		"absolute":         whole("/dev/null/b", "x"),
		"upwards":          whole("../b", "x"),
		"a gap":            payloadChunk(0, "b", 7, "x"),
		"ended":            whole("a", "2"),
		"ended, two flags": payloadChunk(3, "a", 0, "x"),
		"rename of open":   append(payloadChunk(0, "b", 0, "x"), renameChunk("b", "c")...),
		"remove of open":   append(payloadChunk(0, "b", 0, "x"), removeChunk("b")...),
	} {
		b := append(slices.Clone(first), chunk...)
		b = append(b, stream()...)
		if _, _, problem := mbstream(t, b); problem == "" {
			t.Errorf("%s: mbstream takes it", name)
		}
		if _, err := walk(b, len(b)); err == nil {
			t.Errorf("%s: nothing noticed", name)
		}
	}
}

// A real backup of a server that is written to: what comes out of the store is
// what went in, and holds what Contents says.
func TestRealStream(t *testing.T) {
	t.Parallel()
	server := mariadbtest.Start(t)
	mariadbtest.FillTables(t, server.DB(), 4, 200)
	args := []string{"--defaults-file=" + server.CredentialsFile, "--defaults-group-suffix=-dbcalm", "--backup", "--stream=xbstream",
		"--datadir=" + server.DataDir, "--target-dir=" + t.TempDir()}
	cmd := exec.Command("mariabackup", args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	plain, err := cmd.Output()
	if err != nil {
		t.Fatalf("mariabackup: %v\n%s", err, &said)
	}
	var first Contents
	for _, c := range []Compression{None, Gzip, Zstd} {
		var back, stored bytes.Buffer
		packed, err := Pack(&stored, bytes.NewReader(plain), c, 0, nil)
		if err != nil {
			t.Fatalf("pack with %q: %v", c, err)
		}
		unpacked, err := Unpack(&back, &stored, c, nil)
		if err != nil || !reflect.DeepEqual(unpacked, packed) || !bytes.Equal(back.Bytes(), plain) {
			t.Errorf("with %q: %v, %d bytes of %d came back", c, err, back.Len(), len(plain))
		}
		first = packed.Contents
	}
	folder, want, problem := mbstream(t, plain)
	if got := cleaned(first.Files); problem != "" || !reflect.DeepEqual(got, cleaned(want)) {
		t.Errorf("got %v, mbstream unpacked %v %s", got, want, problem)
	}
	for _, name := range []string{"xtrabackup_checkpoints", "xtrabackup_info", "backup-my.cnf"} {
		if content := first.Small[name]; content == "" || content != read(t, filepath.Join(folder, name)) {
			t.Errorf("%s: got %q", name, content)
		}
	}
	for _, n := range boundaries(t, plain) {
		var framing *FramingError
		if _, err := walk(plain[:n], blockSize); !errors.As(err, &framing) {
			t.Errorf("cut between chunks at %d of %d: got %v", n, len(plain), err)
		}
	}
}

// boundaries are where a stream's chunks begin.
func boundaries(t *testing.T, b []byte) []int {
	t.Helper()
	var found []int
	w := NewWalker()
	for at := 0; at < len(b); {
		found = append(found, at)
		begin := w.begin
		for w.begin == begin && at < len(b) {
			n := 1
			if w.state == inPayload {
				n = int(w.left)
			}
			if _, err := w.Write(b[at : at+n]); err != nil {
				t.Fatal(err)
			}
			at += n
		}
	}
	return found
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
