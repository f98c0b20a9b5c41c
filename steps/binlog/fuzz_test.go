package binlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"dbcalm-db-cmd/steps/testkit"
)

// recorded are logs as servers wrote them, by their names: of a MariaDB 10.11 with a
// database, two tables, rows, and the rotation to the next file; of a MySQL 5.6.24
// and a 9.7.4 with what TestRealMySQLIsRead has them do, which also writes them.
func recorded(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.binlog")
	if err != nil || len(paths) < 3 {
		t.Fatalf("%v: %v", paths, err)
	}
	logs := map[string][]byte{}
	for _, path := range paths {
		if logs[filepath.Base(path)], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	return logs
}

// eachRecorded runs a test on each of them.
func eachRecorded(t *testing.T, test func(t *testing.T, text []byte)) {
	t.Parallel()
	for name, text := range recorded(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, text)
		})
	}
}

// What is told of the transactions of a log.
func TestRecordedLogs(t *testing.T) {
	t.Parallel()
	for name, text := range recorded(t) {
		scanner, told := NewScanner(bytes.NewReader(text)), ""
		for {
			part, err := scanner.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s at %d: %v", name, scanner.Offset(), err)
			}
			switch g := part.Group; {
			case part.State != nil:
				told += fmt.Sprintf("after %q\n", part.State)
			case g != nil:
				told += fmt.Sprintf("%d to %d: %s at %s, transactional %t, definition %t, XA %t, %d statements, %q %q\n", g.Offset, g.End,
					g.GTID, g.Time.Format(time.RFC3339), g.Transactional, g.DDL, g.XA, g.Statements, g.Tables, g.Query)
			case part.Closed:
				told += fmt.Sprintf("then %q\n", part.Next)
			}
		}
		testkit.Golden(t, name+".golden", told)
	}
}

// parts reads a log to its end, and returns where its parts end.
func parts(text []byte) (ends []int64, groups int, err error) {
	scanner := NewScanner(bytes.NewReader(text))
	for {
		part, err := scanner.Next()
		if err != nil {
			return ends, groups, err
		}
		ends = append(ends, part.End)
		if part.Group != nil {
			groups++
		}
	}
}

// A log that ends anywhere has all the parts that lie before.
func TestTornLog(t *testing.T) { eachRecorded(t, expectTorn) }

func expectTorn(t *testing.T, text []byte) {
	all, groups, err := parts(text)
	if !errors.Is(err, io.EOF) || groups < 5 {
		t.Fatalf("%d groups: %v", groups, err)
	}
	for cut := range text {
		ends, _, err := parts(text[:cut])
		if !errors.Is(err, io.EOF) && !errors.Is(err, ErrShort) {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		for i, end := range all {
			if there := i < len(ends); there != (end <= int64(cut)) || there && ends[i] != end {
				t.Fatalf("cut at %d: parts end at %v", cut, ends)
			}
		}
	}
}

// No bit of an event can change without being noticed.
func TestFlippedBits(t *testing.T) { eachRecorded(t, expectNoticed) }

func expectNoticed(t *testing.T, text []byte) {
	_, want, _ := parts(text)
	for i := range text {
		damaged := bytes.Clone(text)
		damaged[i] ^= 1 << (i % 8)
		_, got, err := parts(damaged)
		inUse := i == len(Magic)+17 && i%8 == 0
		if errors.Is(err, io.EOF) && got == want && !inUse {
			t.Errorf("byte %d: not noticed", i)
		}
	}
}

// A log that grows is read as one that is there at once.
func TestGrowingLog(t *testing.T) { eachRecorded(t, expectGrown) }

func expectGrown(t *testing.T, text []byte) {
	all, _, _ := parts(text)
	grown := &growing{text: text}
	scanner := NewScanner(grown)
	var ends []int64
	for grown.size = range len(text) + 1 {
		for {
			part, err := scanner.Next()
			if err != nil {
				if !errors.Is(err, io.EOF) && !errors.Is(err, ErrShort) {
					t.Fatalf("at %d: %v", grown.size, err)
				}
				break
			}
			ends = append(ends, part.End)
		}
	}
	if len(ends) != len(all) || ends[len(ends)-1] != all[len(all)-1] {
		t.Errorf("got %v, want %v", ends, all)
	}
}

type growing struct {
	text []byte
	size int
}

func (g *growing) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(g.text[:g.size]).ReadAt(p, off)
}

// FuzzScanner reads anything without harm: a part ends where the next begins, and
// nothing is told of behind an error.
func FuzzScanner(f *testing.F) {
	for _, text := range recorded(f) {
		f.Add(text, false)
		f.Add(text, true)
	}
	f.Add([]byte(Magic), false)
	f.Fuzz(func(t *testing.T, text []byte, mend bool) {
		if mend {
			mendSums(text)
		}
		scanner := NewScanner(bytes.NewReader(text))
		for last := int64(0); ; last = scanner.Offset() {
			part, err := scanner.Next()
			if err != nil {
				if scanner.Offset() != last {
					t.Fatalf("an error moved on from %d to %d", last, scanner.Offset())
				}
				return
			}
			if part.End <= last || part.End > int64(len(text)) || part.End != scanner.Offset() {
				t.Fatalf("a part from %d to %d of %d bytes", last, part.End, len(text))
			}
			if g := part.Group; g != nil && (g.Offset < last || g.End != part.End) {
				t.Fatalf("a group from %d to %d in a part from %d to %d", g.Offset, g.End, last, part.End)
			}
		}
	})
}

// mendSums makes the checksums of a log right, so that more of it is read.
func mendSums(text []byte) {
	for at := len(Magic); at+headerSize <= len(text); {
		length := int(eventLength(text[at:]))
		if length < headerSize+checksumSize || length > len(text)-at {
			return
		}
		event := text[at : at+length]
		if event[4] == typeFormat {
			event[flagsAt] &^= InUse
		}
		binary.LittleEndian.PutUint32(event[length-checksumSize:], crc32.ChecksumIEEE(event[:length-checksumSize]))
		at += length
	}
}
