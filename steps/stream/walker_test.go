package stream

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// walk gives the whole stream to a Walker, in pieces of n bytes.
func walk(b []byte, n int) (Contents, error) {
	w := NewWalker()
	for piece := range slices.Chunk(b, n) {
		if taken, err := w.Write(piece); err != nil {
			return Contents{}, err
		} else if taken != len(piece) {
			return Contents{}, errors.New("it took a part without an error")
		}
	}
	return w.End()
}

func TestWalkerKnowsEveryChunk(t *testing.T) {
	t.Parallel()
	for name, test := range knownChunks {
		b := stream(test.chunks...)
		for _, n := range []int{1, 2, 7, 24, 39, len(b)} {
			got, err := walk(b, n)
			if err != nil {
				t.Errorf("%s, in pieces of %d: %v", name, n, err)
				continue
			}
			if want := append(slices.Clone(test.want), File{"xtrabackup_info", int64(len(info))}); !reflect.DeepEqual(got.Files, want) {
				t.Errorf("%s, in pieces of %d: got %v, want %v", name, n, got.Files, want)
			}
		}
	}
}

// longest is a path as long as one may be.
var longest = strings.Repeat("d", 255) + "/" + strings.Repeat("f", 255)

// knownChunks are streams without their last file, and the files in them.
var knownChunks = map[string]struct {
	chunks [][]byte
	want   []File
}{
	"payload": {[][]byte{payloadChunk(0, "a", 0, "abc"), payloadChunk(0, "d/b", 0, "d"), payloadChunk(0, "a", 3, "e"),
		endChunk("a"), endChunk("d/b")}, []File{{"a", 4}, {"d/b", 1}}},
	"no payload": {[][]byte{payloadChunk(0, "a", 0, ""), endChunk("a")}, []File{{"a", 0}}},
	"end only":   {[][]byte{endChunk("a")}, []File{{"a", 0}}},
	"seek": {[][]byte{payloadChunk(0, "a", 0, "abcde"), seekChunk("a", 1), payloadChunk(0, "a", 1, "xy"), endChunk("a")},
		[]File{{"a", 5}}},
	"seek first":    {[][]byte{seekChunk("a", 8), payloadChunk(0, "a", 8, "xy"), endChunk("a")}, []File{{"a", 10}}},
	"seek to end":   {[][]byte{payloadChunk(0, "a", 0, "abc"), seekChunk("a", 3), endChunk("a")}, []File{{"a", 3}}},
	"rename":        {[][]byte{whole("a", "1"), whole("c", "2"), renameChunk("a", "b")}, []File{{"b", 1}, {"c", 1}}},
	"rename onto":   {[][]byte{whole("a", "1"), whole("c", "22"), renameChunk("a", "c")}, []File{{"c", 1}}},
	"rename none":   {[][]byte{renameChunk("a", "c")}, nil},
	"rename itself": {[][]byte{whole("a", "1"), renameChunk("a", "a")}, []File{{"a", 1}}},
	"remove":        {[][]byte{whole("a", "1"), removeChunk("a"), removeChunk("z")}, nil},
	"made anew":     {[][]byte{whole("a", "1"), removeChunk("a"), whole("a", "22")}, []File{{"a", 2}}},
	"rewrite": {[][]byte{whole("a", "111"), payloadChunk(2, "a", 0, "2"), payloadChunk(2, "a", 1, "2"), endChunk("a")},
		[]File{{"a", 2}}},
	"path of 511": {[][]byte{endChunk(longest)}, []File{{longest, 0}}},
	"dots":        {[][]byte{endChunk("a../b..")}, []File{{"a../b..", 0}}},
}

// What only XtraBackup writes, or nobody: mbstream would not unpack it, or not
// as it is meant.
func TestWalkerKnowsForeignChunks(t *testing.T) {
	t.Parallel()
	unknown := append(head(1, 'Z', "z"), payloadChunk(0, "z", 0, "zz")[len(head(0, 'P', "z")):]...)
	for name, test := range map[string]struct {
		chunk []byte
		want  []File
	}{
		"sparse": {slices.Concat(sparseChunk("a", 0, "abcde", 0, 3, 7, 2), sparseChunk("a", 12, "f", 1, 1),
			endChunk("a")), []File{{"a", 14}}},
		"hole at end":  {slices.Concat(sparseChunk("a", 0, "abc", 0, 3, 9, 0), endChunk("a")), []File{{"a", 12}}},
		"no map":       {slices.Concat(sparseChunk("a", 0, ""), endChunk("a")), []File{{"a", 0}}},
		"no payload":   {slices.Concat(sparseChunk("a", 0, "", 4096, 0), endChunk("a")), []File{{"a", 4096}}},
		"ignorable":    {unknown, nil},
		"this folder":  {whole("./a", "1"), []File{{"./a", 1}}},
		"tablespaces":  {nil, nil},
		"ignored long": {slices.Concat(unknown, unknown), nil},
	} {
		b := stream(test.chunk)
		want := append(test.want, File{"xtrabackup_info", int64(len(info))})
		if name == "tablespaces" {
			b = append(b, whole("xtrabackup_tablespaces", "{}")...)
			want = append(want, File{"xtrabackup_tablespaces", 2})
		}
		for _, n := range []int{1, 5, len(b)} {
			got, err := walk(b, n)
			if err != nil || !reflect.DeepEqual(got.Files, want) {
				t.Errorf("%s, in pieces of %d: got %v, %v, want %v", name, n, got.Files, err, want)
			}
		}
	}
}

// The head of a sparse chunk as Percona's documentation of the format shows
// it, byte by byte.
func TestSparseHeadOfTheDocumentation(t *testing.T) {
	t.Parallel()
	b, err := hex.DecodeString("58425354434b3031" + "00" + "53" + "0b000000" + "746573742f74312e696264" + "05000000" +
		"2fc7000000000000" + "0000000000000000" + "97efdf92" +
		"000000005a400000" + "a63f000098000000" + "683f0000aa050000" + "563a000093000000" + "6d3f000000800000")
	if err != nil {
		t.Fatal(err)
	}
	w := NewWalker()
	if _, err := w.Write(append(b, make([]byte, 50991-1)...)); err != nil {
		t.Fatal(err)
	}
	if w.left != 1 {
		t.Errorf("%d bytes of the payload are left, want 1", w.left)
	}
	// Ours are not the bytes the checksum was made of.
	_, err = w.Write([]byte{0})
	refused(t, "the last byte", err, 0, "test/t1.ibd", "checksum of the payload")
}

// refused demands a *FramingError of that place and file, whose problem holds
// the words.
func refused(t *testing.T, name string, err error, offset int64, path, words string) {
	t.Helper()
	var framing *FramingError
	if !errors.As(err, &framing) {
		t.Errorf("%s: got %v, want a FramingError", name, err)
		return
	}
	if framing.Offset != offset || framing.Path != path || !strings.Contains(framing.Problem, words) {
		t.Errorf("%s: got %d %q %q, want %d %q and %q in it", name, framing.Offset, framing.Path, framing.Problem, offset, path, words)
	}
	if !strings.Contains(err.Error(), "no whole xbstream") || !strings.Contains(err.Error(), framing.Problem) ||
		!strings.Contains(err.Error(), path) {
		t.Errorf("%s: the message lacks something: %v", name, err)
	}
}

func TestSmallFilesAreKept(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", maxSmall)
	b := stream(whole("xtrabackup_checkpoints", "to_lsn = 1\n"), payloadChunk(0, "backup-my.cnf", 0, "[my"),
		whole("ibdata1", "data"), payloadChunk(0, "backup-my.cnf", 3, "sqld]"), endChunk("backup-my.cnf"),
		whole("mariadb_backup_binlog_info", ""), whole("./d/t.ibd.ren", "d/u.ibd"), whole("d/xtrabackup_info", "a table"),
		whole("mariadb_backup_meta/t.frm", "of a database"), whole("a.ren", large), whole("b.ren", large+"x"),
		whole("moved.ren", "1"), renameChunk("moved.ren", "there.ren"), whole("gone.ren", "1"), removeChunk("gone.ren"),
		payloadChunk(0, "sought.ren", 0, "1"), seekChunk("sought.ren", 0), payloadChunk(0, "sought.ren", 0, "2"), endChunk("sought.ren"),
		sparseChunk("sparse.ren", 0, "1", 0, 1), endChunk("sparse.ren"))
	got, err := walk(b, len(b))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"xtrabackup_checkpoints": "to_lsn = 1\n", "backup-my.cnf": "[mysqld]",
		"mariadb_backup_binlog_info": "", "d/t.ibd.ren": "d/u.ibd",
		"a.ren": large, "there.ren": "1", "xtrabackup_info": info}
	if !reflect.DeepEqual(got.Small, want) {
		t.Errorf("got %.200v, want %.200v", got.Small, want)
	}
}

func TestMetadataIsBounded(t *testing.T) {
	t.Parallel()
	w := NewWalker()
	content := strings.Repeat("x", maxSmall)
	var err error
	for i := 0; i <= maxSmallTotal/maxSmall && err == nil; i++ {
		_, err = w.Write(whole(string(rune('a'+i%26))+strings.Repeat("b", i/26)+".ren", content))
	}
	var framing *FramingError
	if !errors.As(err, &framing) || !strings.Contains(framing.Problem, "more than 16777216 bytes of metadata") {
		t.Errorf("got %v", err)
	}
}

func TestWalkerTakesTheStreamOfEachTool(t *testing.T) {
	t.Parallel()
	last := func(name, version string) []byte { return whole(name, "tool_version = "+version+"\n") }
	tablespaces := whole("xtrabackup_tablespaces", "{}")
	for name, b := range map[string][]byte{
		"MariaDB 10":     last("xtrabackup_info", "10.11.19-MariaDB"),
		"MariaDB 11":     last("mariadb_backup_info", "11.4.2-MariaDB"),
		"XtraBackup 2":   last("xtrabackup_info", "2.4.29"),
		"XtraBackup 8":   append(last("xtrabackup_info", "8.0.35-31"), tablespaces...),
		"with a summary": bytes.Join([][]byte{last("xtrabackup_info", "9.7.2-2"), tablespaces, whole("backup_metadata.json", "{}")}, nil),
		"with its keys":  bytes.Join([][]byte{last("xtrabackup_info", "8.4.0-1"), tablespaces, whole("xtrabackup_keys", "k")}, nil),
		"an odd one":     whole("xtrabackup_info", "uuid = 1\n"),
	} {
		if _, err := walk(b, len(b)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, b := range map[string][]byte{
		"XtraBackup 8 without its list":    last("xtrabackup_info", "8.0.35-31"),
		"XtraBackup 10, may it ever exist": last("xtrabackup_info", "10.0.1-1"),
	} {
		_, err := walk(b, len(b))
		refused(t, name, err, int64(len(b)), "", "without the file that is written last, xtrabackup_tablespaces")
	}
}
