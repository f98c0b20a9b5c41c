package stream

import (
	"bytes"
	"errors"
	"path/filepath"
	"reflect"
	"testing"
)

// FuzzWalker: any bytes in any pieces are judged like the same bytes at once,
// a stream that is taken names only files within its folder, and is not taken
// any more when a byte is missing at its end.
func FuzzWalker(f *testing.F) {
	f.Add(sample, uint(1))
	f.Add(stream(sparseChunk("a", 0, "abcde", 0, 3, 7, 2), endChunk("a")), uint(3))
	f.Add(append(whole("xtrabackup_info", "tool_version = 8.0\n"), whole("xtrabackup_tablespaces", "{}")...), uint(5))
	f.Fuzz(func(t *testing.T, b []byte, n uint) {
		want, whole := walk(b, max(1, len(b)))
		got, pieces := walk(b, int(n%999)+1)
		if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(whole, pieces) {
			t.Errorf("at once %v, %v; in pieces of %d %v, %v", want, whole, n%999+1, got, pieces)
		}
		var framing *FramingError
		if whole != nil {
			if !errors.As(whole, &framing) || framing.Offset < 0 || framing.Offset > int64(len(b)) {
				t.Errorf("it is refused with %v", whole)
			}
			return
		}
		for _, file := range want.Files {
			if !filepath.IsLocal(file.Path) || file.Size < 0 {
				t.Errorf("it is taken with file %q of %d bytes", file.Path, file.Size)
			}
		}
		if _, err := walk(b[:len(b)-1], len(b)); err == nil {
			t.Error("it is taken without its last byte too")
		}
	})
}

// FuzzUnpack: any stored bytes are unpacked or refused with what is wrong.
func FuzzUnpack(f *testing.F) {
	for i, c := range []Compression{None, Gzip, Zstd} {
		var b bytes.Buffer
		if _, err := Pack(&b, bytes.NewReader(sample), c, 0, nil); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes(), uint8(i))
	}
	f.Fuzz(func(t *testing.T, b []byte, i uint8) {
		c := []Compression{None, Gzip, Zstd}[i%3]
		var back bytes.Buffer
		result, err := Unpack(&back, bytes.NewReader(b), c, nil)
		if err != nil {
			var framing *FramingError
			var damage *CompressionError
			if !errors.As(err, &framing) && !errors.As(err, &damage) {
				t.Errorf("it is refused with %v", err)
			}
			return
		}
		if stored := sumBytes(b); result.SHA256 != stored.SHA256 || result.StoredSize != stored.Size || result.PlainSize != int64(back.Len()) {
			t.Errorf("%d bytes became %d: %+v", len(b), back.Len(), result)
		}
		if _, err := walk(back.Bytes(), back.Len()); err != nil {
			t.Errorf("what came out is no stream: %v", err)
		}
	})
}

// FuzzFile: any content comes back.
func FuzzFile(f *testing.F) {
	for _, content := range contents {
		f.Add(content[:min(len(content), 9999)], uint8(2), uint8(0))
	}
	f.Fuzz(func(t *testing.T, content []byte, i, level uint8) {
		c := []Compression{None, Gzip, Zstd}[i%3]
		level %= map[Compression]uint8{None: 1, Gzip: maxGzipLevel + 1, Zstd: 8}[c]
		var back bytes.Buffer
		_, plain, err := UnpackFile(&back, bytes.NewReader(packed(t, content, c, int(level))), c)
		if err != nil || plain != sumBytes(content) || !bytes.Equal(back.Bytes(), content) {
			t.Errorf("with %s -%d: %v, %d bytes of %d came back", c, level, err, back.Len(), len(content))
		}
	})
}
