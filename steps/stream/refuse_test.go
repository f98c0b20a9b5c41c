package stream

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestWalkerRefuses(t *testing.T) {
	t.Parallel()
	first := whole("a", "1")
	at := int64(len(first))
	altered := func(b []byte, at int, value byte) []byte {
		b = slices.Clone(b)
		b[at] = value
		return b
	}
	broken := payloadChunk(0, "b", 0, "content")
	huge := le(le(head(0, typePayload, "b"), 8, 1<<62+1), 8, 0)
	for name, test := range map[string]struct {
		chunk  []byte
		offset int64
		path   string
		words  string
	}{
		"no magic":           {[]byte("XBSTCK02......."), at, "", `a chunk was to begin here, not "XBSTCK02"`},
		"garbage":            {bytes.Repeat([]byte{0}, 14), at, "", "a chunk was to begin here"},
		"unknown type":       {head(0, 'Q', "b"), at, "", `chunk type 'Q' is unknown`},
		"type zero":          {head(0, 0, "b"), at, "", `is unknown`},
		"no path":            {head(0, typeEnd, ""), at, "", "a path of 0 bytes"},
		"long path":          {head(0, typeEnd, strings.Repeat("p", 512)), at, "", "a path of 512 bytes"},
		"endless path":       {le(append([]byte(magic), 0, typeEnd), 4, 1<<32-1), at, "", "a path of 4294967295 bytes"},
		"absolute":           {head(0, typeEnd, "/b"), at, "/b", "absolute"},
		"upwards":            {head(0, typeEnd, "../b"), at, "../b", "upwards"},
		"upwards within":     {head(0, typeEnd, "d/../../b"), at, "d/../../b", "upwards"},
		"upwards at the end": {head(0, typeEnd, "d/.."), at, "d/..", "names no file"},
		"a folder":           {head(0, typeEnd, "d/"), at, "d/", "names no file"},
		"this folder":        {head(0, typeEnd, "./."), at, "./.", "names no file"},
		"zero byte":          {head(0, typeEnd, "b\x00c"), at, "b\x00c", "zero byte"},
		"checksum":           {altered(broken, len(broken)-1, 'x'), at, "b", "the checksum of the payload is"},
		"huge payload":       {append(huge, 0, 0, 0, 0), at, "b", "a payload of 4611686018427387905 bytes"},
		"not at the begin":   {payloadChunk(0, "b", 1, "x"), at, "b", "the payload belongs at 1, the file goes on at 0"},
		"a gap": {append(payloadChunk(0, "b", 0, "x"), payloadChunk(0, "b", 2, "x")...),
			at + int64(len(payloadChunk(0, "b", 0, "x"))), "b", "the payload belongs at 2, the file goes on at 1"},
		"ended":              {payloadChunk(0, "a", 0, "x"), at, "a", "has ended before"},
		"ended, other name":  {payloadChunk(0, "./a", 0, "x"), at, "./a", "has ended before"},
		"ended twice":        {endChunk("a"), at, "a", "has ended before"},
		"ended, two flags":   {payloadChunk(3, "a", 0, "x"), at, "a", "has ended before"},
		"ended, then sought": {append(seekChunk("a", 1), endChunk("aa")...), at, "a", "has ended before"},
		"sought too far": {append(le(head(0, typeSparse, "b"), 8, 1<<63), endChunk("bb")...), at, "b",
			"no file goes on at 9223372036854775808"},
		"rename of an open": {append(payloadChunk(0, "b", 0, ""), renameChunk("b", "c")...),
			at + int64(len(payloadChunk(0, "b", 0, ""))), "b", "renamed before it has ended"},
		"rename onto an open": {append(payloadChunk(0, "b", 0, ""), renameChunk("a", "b")...),
			at + int64(len(payloadChunk(0, "b", 0, ""))), "a", "renamed before it has ended"},
		"rename upwards":    {renameChunk("a", "../b"), at, "a", "upwards"},
		"rename to nothing": {renameChunk("a", ""), at, "a", "a path of 0 bytes"},
		"remove of an open": {append(payloadChunk(0, "b", 0, ""), removeChunk("b")...),
			at + int64(len(payloadChunk(0, "b", 0, ""))), "b", "removed before it has ended"},
		"map too short": {sparseChunk("b", 0, "abc", 0, 2), at, "b", "the sparse map places 2 bytes of a payload of 3"},
		"map too long":  {sparseChunk("b", 0, "abc", 0, 2, 5, 2), at, "b", "the sparse map places 4 bytes of a payload of 3"},
		"ignorable, checksum": {append(altered(broken, 9, 'Z')[:8:8],
			append([]byte{1}, altered(altered(broken, 9, 'Z'), len(broken)-1, 'x')[9:]...)...), at, "b", "the checksum of the payload is"},
		"ignorable, its place": {le(head(1, 'Z', "../b"), 20, 0), at, "../b", "upwards"},
	} {
		b := append(slices.Clone(first), test.chunk...)
		for _, n := range []int{1, 3, len(b)} {
			w := NewWalker()
			var err error
			for piece := range slices.Chunk(b, n) {
				if _, err = w.Write(piece); err != nil {
					break
				}
			}
			refused(t, name, err, test.offset, test.path, test.words)
			again, same := w.Write(endChunk("z"))
			if _, ended := w.End(); !errors.Is(same, err) || !errors.Is(ended, err) || again != 0 {
				t.Errorf("%s: %v became %v and %v", name, err, same, ended)
			}
		}
	}
}

func TestStreamMustBeWhole(t *testing.T) {
	t.Parallel()
	last := stream()
	for name, test := range map[string]struct {
		stream []byte
		offset int
		path   string
		words  string
	}{
		"empty":       {nil, 0, "", "it is empty"},
		"only a file": {whole("a", "1"), len(whole("a", "1")), "", "without the file that is written last, xtrabackup_info"},
		"a file without end": {append(payloadChunk(0, "a", 0, "1"), last...), len(payloadChunk(0, "a", 0, "1")) + len(last),
			"", "without the end of a"},
		"more behind it": {append(stream(), whole("a", "1")...), len(last) + len(whole("a", "1")), "",
			"without the file that is written last"},
		"info removed": {append(stream(), removeChunk("xtrabackup_info")...), len(last) + len(removeChunk("xtrabackup_info")), "",
			"without the file that is written last"},
		"info of a database": {whole("d/xtrabackup_info", "1"), len(whole("d/xtrabackup_info", "1")), "",
			"without the file that is written last"},
		"garbage behind it": {append(stream(), "garbage"...), len(last), "", "it ends in a chunk"},
		"ends in a payload": {payloadChunk(0, "a", 0, "123")[:37], 0, "a", "it ends in a chunk"},
	} {
		_, err := walk(test.stream, max(1, len(test.stream)))
		refused(t, name, err, int64(test.offset), test.path, test.words)
	}
}

// sample is a stream of every chunk MariaDB's tool writes.
var sample = stream(
	payloadChunk(0, "ib_logfile0", 0, "redo log"), whole("ibdata1", "system"), payloadChunk(0, "d/t.ibd", 0, "row"),
	payloadChunk(0, "ib_logfile0", 8, "more"), payloadChunk(0, "d/t.ibd", 3, "row"), endChunk("d/t.ibd"),
	whole("d/u.ibd", "u"), endChunk("d/empty.frm"), renameChunk("d/u.ibd", "d/v.ibd"),
	whole("d/w.ibd", "w"), removeChunk("d/w.ibd"), payloadChunk(0, "aria_log.1", 0, "header and log"),
	seekChunk("aria_log.1", 7), payloadChunk(0, "aria_log.1", 7, "AND"), endChunk("aria_log.1"),
	payloadChunk(2, "d/v.ibd", 0, "again"), endChunk("d/v.ibd"), endChunk("ib_logfile0"),
	whole("xtrabackup_checkpoints", "to_lsn = 1"))

func TestCutStreamIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := walk(sample, len(sample)); err != nil {
		t.Fatal(err)
	}
	for n := range sample {
		var framing *FramingError
		if _, err := walk(sample[:n], len(sample)); !errors.As(err, &framing) {
			t.Errorf("cut at %d of %d bytes: got %v, want a FramingError", n, len(sample), err)
		}
	}
}

// What an altered byte may do unnoticed is to name an empty file otherwise, or
// to set a flag that means nothing there. The store's SHA-256 sees that too.
func TestAlteredStreamIsRefused(t *testing.T) {
	t.Parallel()
	want, err := walk(sample, len(sample))
	if err != nil {
		t.Fatal(err)
	}
	quiet := 0
	for at := range sample {
		for bit := range 8 {
			b := slices.Clone(sample)
			b[at] ^= 1 << bit
			got, err := walk(b, len(b))
			if err != nil {
				continue
			}
			quiet++
			// A flag follows the magic; a path is where an end, a rename or a
			// removal without any payload stands.
			flag := at >= 8 && string(b[at-8:at]) == magic
			if !flag && reflect.DeepEqual(got, want) {
				t.Errorf("bit %d of byte %d of %d altered: nothing noticed", bit, at, len(sample))
			}
		}
	}
	if quiet > 8*len(sample)/16 {
		t.Errorf("%d of %d alterations were taken for a stream", quiet, 8*len(sample))
	}
}
