package stream

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	long := strings.Repeat("0123456789abcdef", 200<<10)
	plain := stream(whole("ibdata1", long), payloadChunk(0, "d/t.ibd", 0, "abc"), whole("backup-my.cnf", "[mysqld]\n"),
		payloadChunk(0, "d/t.ibd", 3, "def"), endChunk("d/t.ibd"), endChunk("d/empty"))
	want := Contents{
		Files: []File{{"ibdata1", int64(len(long))}, {"backup-my.cnf", 9}, {"d/t.ibd", 6}, {"d/empty", 0}, {"xtrabackup_info", int64(len(info))}},
		Small: map[string]string{"backup-my.cnf": "[mysqld]\n", "xtrabackup_info": info},
	}
	for _, c := range []Compression{None, Gzip, Zstd} {
		var stored, back bytes.Buffer
		var n, m Counters
		packed, err := Pack(&stored, bytes.NewReader(plain), c, 0, &n)
		if err != nil {
			t.Fatalf("%q: %v", c, err)
		}
		if !reflect.DeepEqual(packed.Contents, want) {
			t.Errorf("%q: got %+v, want %+v", c, packed.Contents, want)
		}
		if packed.PlainSize != int64(len(plain)) || packed.StoredSize != int64(stored.Len()) || n.Plain.Load() != packed.PlainSize ||
			n.Stored.Load() != packed.StoredSize {
			t.Errorf("%q: wrong sizes: %+v", c, packed)
		}
		unpacked, err := Unpack(&back, &stored, c, &m)
		if err != nil {
			t.Fatalf("%q: %v", c, err)
		}
		if !reflect.DeepEqual(unpacked, packed) || m.Plain.Load() != n.Plain.Load() || m.Stored.Load() != n.Stored.Load() {
			t.Errorf("%q: unpacked %+v, packed %+v", c, unpacked, packed)
		}
		if !bytes.Equal(back.Bytes(), plain) {
			t.Errorf("%q: the stream came back altered", c)
		}
	}
}
