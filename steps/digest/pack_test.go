package digest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/stream"
	"dbcalm-db-cmd/steps/testkit"
)

func TestWatchPacks(t *testing.T) {
	t.Parallel()
	f := &filling{Test: testkit.NewTest(t)}
	packing := &Packing{Folder: filepath.Join(t.TempDir(), "packing"), Compression: stream.Zstd}
	if f.w = Watch(f.Dir, 2, packing); f.w == nil {
		t.Fatal("nothing can be hashed")
	}
	text := strings.Repeat("rows ", 100_000) + strings.Repeat("\x00", 1<<20)
	f.write("shop/orders.ibd", text)
	f.hashed("shop/orders.ibd", text)
	d := f.finish()["shop/orders.ibd"]
	if d.SHA256 != sumOf(text) || d.Size != int64(len(text)) || d.Data >= d.Size || d.Pack == nil {
		t.Fatalf("got %+v", d)
	}
	pack := filepath.Join(packing.Folder, d.Pack.Name)
	packed, err := os.ReadFile(pack)
	must(t, err)
	if sumOf(string(packed)) != d.Pack.SHA256 || d.Pack.Size != int64(len(packed)) || len(packed) > len(text)/10 {
		t.Errorf("packed are %d bytes, said to be %+v", len(packed), d.Pack)
	}
	file, err := os.Open(pack)
	must(t, err)
	defer file.Close()
	var back strings.Builder
	if _, _, err := stream.UnpackFile(&back, file, stream.Zstd); err != nil || back.String() != text {
		t.Errorf("unpacked are %d bytes, %v", back.Len(), err)
	}
}

// What cannot be compressed, the disk being full say, has no digest and leaves
// nothing.
func TestFailedPackLeavesNothing(t *testing.T) {
	t.Parallel()
	f := &filling{Test: testkit.NewTest(t)}
	packing := &Packing{Folder: filepath.Join(t.TempDir(), "packing"), Compression: "unknown"}
	if f.w = Watch(f.Dir, 1, packing); f.w == nil {
		t.Fatal("nothing can be hashed")
	}
	f.write("a", "a")
	if l := f.finish(); len(l) > 0 {
		t.Errorf("got %v", l)
	}
	if left := testkit.Tree(t, packing.Folder); len(left) > 0 {
		t.Errorf("left are %v", left)
	}
}
