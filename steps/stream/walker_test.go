package stream

import (
	"reflect"
	"testing"
)

// walk gives the whole stream to a Walker.
func walk(b []byte) (Contents, error) {
	w := NewWalker()
	if _, err := w.Write(b); err != nil {
		return Contents{}, err
	}
	return w.End()
}

func TestWalkerKnowsEveryChunk(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		chunks [][]byte
		want   []File
	}{
		"seek":        {[][]byte{payloadChunk(0, "a", 0, "abcde"), seekChunk("a", 1), payloadChunk(0, "a", 1, "xy"), endChunk("a")}, []File{{"a", 5}}},
		"seek beyond": {[][]byte{seekChunk("a", 8), payloadChunk(0, "a", 8, "xy"), endChunk("a")}, []File{{"a", 10}}},
		"seek to end": {[][]byte{payloadChunk(0, "a", 0, "abc"), seekChunk("a", 3), endChunk("a")}, []File{{"a", 3}}},
		"rename":      {[][]byte{whole("a", "1"), whole("c", "2"), renameChunk("a", "b")}, []File{{"b", 1}, {"c", 1}}},
		"rename onto": {[][]byte{whole("a", "1"), whole("c", "22"), renameChunk("a", "c")}, []File{{"c", 1}}},
		"rename none": {[][]byte{renameChunk("a", "c")}, nil},
		"remove":      {[][]byte{whole("a", "1"), removeChunk("a"), removeChunk("z")}, nil},
		"made anew":   {[][]byte{whole("a", "1"), removeChunk("a"), whole("a", "22")}, []File{{"a", 2}}},
		"rewrite":     {[][]byte{whole("a", "111"), payloadChunk(2, "a", 0, "2"), payloadChunk(2, "a", 1, "2"), endChunk("a")}, []File{{"a", 2}}},
		"sparse":      {[][]byte{sparseChunk("a", 0, "abcde", 0, 3, 7, 2), sparseChunk("a", 12, "f", 1, 1, 9, 0), endChunk("a")}, []File{{"a", 23}}},
		"ignorable":   {[][]byte{append(head(1, 'Z', "z"), payloadChunk(0, "z", 0, "zz")[len(head(0, 'P', "z")):]...)}, nil},
		"no payload":  {[][]byte{payloadChunk(0, "a", 0, ""), endChunk("a")}, []File{{"a", 0}}},
	} {
		got, err := walk(stream(test.chunks...))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want := append(test.want, File{"xtrabackup_info", int64(len(info))}); !reflect.DeepEqual(got.Files, want) {
			t.Errorf("%s: got %v, want %v", name, got.Files, want)
		}
	}
}
