package stream

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// Each block that was compressed is found again as a frame, whatever is in it, if it is
// no tiny one: so that several are uncompressed at a time.
func TestFramesAreFound(t *testing.T) {
	t.Parallel()
	for name, content := range map[string][]byte{
		"nothing": {}, "a little": noise(256), "a block": noise(blockSize), "a little more": noise(blockSize + 256),
		"repeated": make([]byte, 3*blockSize), "some of both": append(noise(5*blockSize/2), make([]byte, blockSize)...),
	} {
		src, frames := bufio.NewReader(bytes.NewReader(packed(t, content, Zstd, 0))), 0
		for {
			_, rest, err := nextFrame(src, nil)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil || rest != nil {
				t.Fatalf("%s: frame %d: rest %v, %v", name, frames+1, rest != nil, err)
			}
			frames++
		}
		if want := max(1, (len(content)+blockSize-1)/blockSize); frames != want {
			t.Errorf("%s: %d frames, want %d", name, frames, want)
		}
	}
}

// What others make of zstd's format is uncompressed as well, wherever it begins.
func TestOtherFramesComeBack(t *testing.T) {
	t.Parallel()
	content := noise(3*blockSize + 100)
	var streamed bytes.Buffer
	z, err := zstd.NewWriter(&streamed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(z, bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	ours := packed(t, content, Zstd, 0)
	whole, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	one := whole.EncodeAll(content, nil)
	skipped := []byte{0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3}
	// A frame of a byte, after many empty blocks: longer than any that is read at once.
	slow := append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0x20, 1}, bytes.Repeat([]byte{0, 0, 0}, maxFrame/3)...)
	slow = append(slow, 1|1<<3, 0, 0, 'x')
	for name, test := range map[string]struct{ parts, plain [][]byte }{
		"streamed":              {[][]byte{streamed.Bytes()}, [][]byte{content}},
		"ours, streamed":        {[][]byte{ours, streamed.Bytes()}, [][]byte{content, content}},
		"streamed, ours":        {[][]byte{streamed.Bytes(), ours}, [][]byte{content, content}},
		"ours, one large, ours": {[][]byte{ours, one, ours}, [][]byte{content, content, content}},
		"what is skipped":       {[][]byte{skipped, ours, skipped}, [][]byte{content}},
		"a long frame":          {[][]byte{ours, slow, ours}, [][]byte{content, []byte("x"), content}},
	} {
		var plain bytes.Buffer
		stored := bytes.Join(test.parts, nil)
		sum, _, err := UnpackFile(&plain, bytes.NewReader(stored), Zstd)
		if err != nil || !bytes.Equal(plain.Bytes(), bytes.Join(test.plain, nil)) || sum.Size != int64(len(stored)) {
			t.Errorf("%s: %d bytes came back: %v", name, plain.Len(), err)
		}
	}
}

// A frame that was cut anywhere, or says less or more than it holds, is damaged.
func TestDamagedFramesAreRefused(t *testing.T) {
	t.Parallel()
	stored := packed(t, noise(2000), Zstd, 0)
	for at := range stored {
		_, _, err := UnpackFile(io.Discard, bytes.NewReader(stored[:at]), Zstd)
		if _, damaged := errors.AsType[*CompressionError](err); !damaged {
			t.Errorf("cut at %d of %d: %v", at, len(stored), err)
		}
	}
	for name, at := range map[string]int{"magic": 0, "size": 5, "content": len(stored) - 6, "checksum": len(stored) - 1} {
		broken := bytes.Clone(stored)
		broken[at] ^= 0x40
		_, _, err := UnpackFile(io.Discard, bytes.NewReader(broken), Zstd)
		if _, damaged := errors.AsType[*CompressionError](err); !damaged {
			t.Errorf("%s: %v", name, err)
		}
	}
}
