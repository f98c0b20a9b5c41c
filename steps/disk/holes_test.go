package disk

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"
)

// holed writes a file of some MiB, most of it a hole, and returns what it holds.
func holed(t *testing.T, path string) []byte {
	t.Helper()
	content := make([]byte, 4<<20+77)
	copy(content[1<<20:], bytes.Repeat([]byte("data"), 5000))
	copy(content[3<<20+100:], "and a little")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, at := range []int{1 << 20, 3<<20 + 100} {
		if _, err := f.WriteAt(bytes.TrimRight(content[at:at+20000], "\x00"), int64(at)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Truncate(int64(len(content))); err != nil {
		t.Fatal(err)
	}
	return content
}

func allocated(t *testing.T, path string) uint64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return Allocated(info)
}

func TestCopiedHolesStayHoles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	content := holed(t, filepath.Join(dir, "a"))
	source, err := os.Open(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	target, err := os.Create(filepath.Join(dir, "b"))
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	var seen bytes.Buffer
	if err := CopyHoles(t.Context(), &EagerFile{File: target}, source, &seen); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(target.Name()); err != nil || !bytes.Equal(text, content) || !bytes.Equal(seen.Bytes(), content) {
		t.Errorf("the copy differs: %v", err)
	}
	if n := allocated(t, target.Name()); n != allocated(t, source.Name()) || n > 64<<10 {
		t.Errorf("the copy takes %d bytes", n)
	}
	if n, err := DataIn(dir, "b"); err != nil || n < 20000 || n > 64<<10 {
		t.Errorf("it has %d bytes of data, %v", n, err)
	}
}

// However it is cut, what is written comes back, and what is counted is what it
// takes.
func TestZerosBecomeHoles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	content := holed(t, filepath.Join(dir, "a"))
	for name, source := range map[string]io.Reader{
		"whole": bytes.NewReader(content), "halves": iotest.HalfReader(bytes.NewReader(content)),
		"odd": &odd{bytes.NewReader(content), rand.New(rand.NewPCG(1, 2))},
	} {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		target, counter := &HoleFile{File: f}, &DataCounter{}
		if _, err := io.CopyBuffer(io.MultiWriter(target, counter), source, make([]byte, 10_000)); err != nil {
			t.Fatal(err)
		}
		if err := target.Finish(); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if text, err := os.ReadFile(f.Name()); err != nil || !bytes.Equal(text, content) {
			t.Errorf("%s: it differs: %v", name, err)
		}
		if n := allocated(t, f.Name()); int64(n) != counter.Data || n > 64<<10 {
			t.Errorf("%s: it takes %d bytes, counted are %d", name, n, counter.Data)
		}
	}
}

// odd reads pieces of any length.
type odd struct {
	io.Reader
	random *rand.Rand
}

func (o *odd) Read(p []byte) (int, error) { return o.Reader.Read(p[:1+o.random.IntN(len(p))]) }
