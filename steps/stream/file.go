package stream

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
)

// Sum identifies a content.
type Sum struct {
	// Size is its length in bytes.
	Size int64
	// SHA256 is in hexadecimal.
	SHA256 string
}

// PackFile compresses one file of any content into dst and returns the sums of
// what was written and of what was read. Its errors are those of Pack.
func PackFile(dst io.Writer, src io.Reader, c Compression, level int) (stored, plain Sum, err error) {
	digest := sha256.New()
	stored, size, err := compress(dst, src, c, level, nil, digest)
	if err != nil {
		return Sum{}, Sum{}, err
	}
	return stored, sumOf(digest, size), nil
}

// UnpackFile undoes PackFile. A file that was cut may come out short without
// an error: compare the sums with those PackFile has returned. Its errors are
// those of Unpack.
func UnpackFile(dst io.Writer, src io.Reader, c Compression) (stored, plain Sum, err error) {
	digest := sha256.New()
	stored, size, err := uncompress(dst, src, c, nil, digest)
	if err != nil {
		return Sum{}, Sum{}, err
	}
	return stored, sumOf(digest, size), nil
}

func sumOf(digest hash.Hash, size int64) Sum {
	return Sum{Size: size, SHA256: hex.EncodeToString(digest.Sum(nil))}
}
