package stream

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"dbcalm-db-cmd/steps/testkit"
)

// packed is what PackFile makes of a content.
func packed(t *testing.T, plain []byte, c Compression, level int) []byte {
	t.Helper()
	var b bytes.Buffer
	stored, sum, err := PackFile(&b, bytes.NewReader(plain), c, level)
	if err != nil {
		t.Fatal(err)
	}
	if stored != sumBytes(b.Bytes()) || sum != sumBytes(plain) {
		t.Errorf("with %s: the sums are wrong: %v, %v", c, stored, sum)
	}
	return b.Bytes()
}

func sumBytes(b []byte) Sum {
	digest := sha256.Sum256(b)
	return Sum{Size: int64(len(b)), SHA256: hex.EncodeToString(digest[:])}
}

// contents are of different kinds, small and larger than a block.
var contents = map[string][]byte{
	"nothing":      nil,
	"a byte":       {'x'},
	"a line":       []byte("[mysqld]\n"),
	"a block":      noise(blockSize),
	"zeros":        make([]byte, 2*blockSize+1),
	"noise":        noise(2*blockSize + 7),
	"text":         []byte(strings.Repeat("a row of a table, and another one; ", blockSize/10)),
	"pages":        pages(3 * blockSize),
	"a zstd frame": {0x28, 0xb5, 0x2f, 0xfd, 0, 0},
}

// pages is half noise and half empty space, as the pages of a table with
// pictures are.
func pages(n int) []byte {
	b := noise(n)
	for page := range slices.Chunk(b, 16<<10) {
		clear(page[len(page)/2:])
	}
	return b
}

func TestFilesComeBack(t *testing.T) {
	each(t, func(t *testing.T, c Compression) {
		for name, content := range contents {
			b := packed(t, content, c, 0)
			var back bytes.Buffer
			stored, plain, err := UnpackFile(&back, iotest.HalfReader(bytes.NewReader(b)), c)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if stored != sumBytes(b) || plain != sumBytes(content) || !bytes.Equal(back.Bytes(), content) {
				t.Errorf("%s came back altered", name)
			}
			if most := len(content) + len(content)/1000 + 64; len(b) > most {
				t.Errorf("%s became %d bytes of %d", name, len(b), len(content))
			}
		}
	})
}

func TestEveryLevelComesBack(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	content := []byte(strings.Repeat("a row of a table, and another one; ", 9999) + string(noise(9999)))
	for c, top := range map[Compression]int{Gzip: maxGzipLevel, Zstd: maxZstdLevel} {
		for level := range top + 1 {
			var back bytes.Buffer
			if _, _, err := UnpackFile(&back, bytes.NewReader(packed(t, content, c, level)), c); err != nil || !bytes.Equal(back.Bytes(), content) {
				t.Errorf("%s -%d: %v", c, level, err)
			}
		}
	}
}

// The commands everybody has undo it too.
func TestCommandsReadIt(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	for c, command := range map[Compression]string{Gzip: "gzip", Zstd: "zstd"} {
		if _, err := exec.LookPath(command); err != nil {
			t.Logf("%s is not installed: %v", command, err)
			continue
		}
		for name, content := range contents {
			path := filepath.Join(t.TempDir(), "content"+c.Suffix())
			if err := os.WriteFile(path, packed(t, content, c, 0), 0o600); err != nil {
				t.Fatal(err)
			}
			back, err := exec.Command(command, "-dc", path).Output()
			if err != nil || !bytes.Equal(back, content) {
				t.Errorf("%s -d of %s: %v, %d bytes of %d", command, name, err, len(back), len(content))
			}
		}
	}
}

func TestDamageIsSeen(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	content := append(noise(9000), strings.Repeat("a row of a table, and another one; ", 9000)...)
	for _, c := range []Compression{Gzip, Zstd} {
		b := packed(t, content, c, 0)
		damaged := map[string][]byte{"nothing": nil, "garbage": []byte("this is no compressed data"),
			"garbage behind it": append(slices.Clone(b), "garbage"...), "zeros behind it": append(slices.Clone(b), 0, 0, 0, 0, 0, 0, 0, 0)}
		for at := 1; at < len(b); at += 97 {
			damaged["cut"] = b[:at]
			altered := slices.Clone(b)
			altered[at] ^= 0x10
			damaged["altered"] = altered
			for name, d := range damaged {
				var damage *CompressionError
				_, _, err := UnpackFile(io.Discard, bytes.NewReader(d), c)
				if name == "altered" && c == Gzip && at < 10 && err == nil {
					continue // the time and the system in its head
				}
				if !errors.As(err, &damage) || damage.Compression != c || errors.Unwrap(err) == nil ||
					!strings.Contains(err.Error(), "the "+string(c)+" data is damaged") {
					t.Errorf("%s, %s at %d of %d: got %v", c, name, at, len(b), err)
				}
			}
			delete(damaged, "nothing")
			delete(damaged, "garbage")
		}
	}
}

func TestPackFileTellsWhatFailed(t *testing.T) {
	each(t, func(t *testing.T, c Compression) {
		var source *SourceError
		var sink *SinkError
		if _, _, err := PackFile(io.Discard, iotest.ErrReader(errBroken), c, 0); !errors.As(err, &source) {
			t.Errorf("pack a broken source: got %v", err)
		}
		if _, _, err := PackFile(&limited{0, errBroken}, strings.NewReader("x"), c, 0); !errors.As(err, &sink) {
			t.Errorf("pack into a broken sink: got %v", err)
		}
		if _, _, err := UnpackFile(io.Discard, iotest.ErrReader(errBroken), c); !errors.As(err, &source) {
			t.Errorf("unpack a broken source: got %v", err)
		}
		if _, _, err := UnpackFile(&limited{0, errBroken}, bytes.NewReader(packed(t, []byte("x"), c, 0)), c); !errors.As(err, &sink) {
			t.Errorf("unpack into a broken sink: got %v", err)
		}
	})
}
