package stream

import (
	"bytes"
	"io"
	"testing"
)

func BenchmarkSmallFile(b *testing.B) {
	content := noise(2000)
	for _, c := range []Compression{None, Gzip, Zstd} {
		var stored bytes.Buffer
		if _, _, err := PackFile(&stored, bytes.NewReader(content), c, 0); err != nil {
			b.Fatal(err)
		}
		b.Run("pack/"+string(c), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := PackFile(io.Discard, bytes.NewReader(content), c, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("unpack/"+string(c), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := UnpackFile(io.Discard, bytes.NewReader(stored.Bytes()), c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
