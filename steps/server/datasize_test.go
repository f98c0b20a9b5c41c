package server

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/testkit"
)

func TestDataSize(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	block := string(make([]byte, 64<<10))
	testkit.Write(t, dir, map[string]string{
		"ibdata1": block, "ib_logfile0": block, "ib_logfile1": block, "ibtmp1": block, "undo001": block, "aria_log.00000001": block,
		"shop/orders.ibd": block, "shop/notes.MYD": block, "shop/notes.MYI": block, "#innodb_redo/#ib_redo1": block,
		"shop/ib_logfile_old.ibd": block, "shop/ibtmp.MYD": block, "shop/undo.MYD": block, "shop/ibdata.MYI": block,
		"#innodb_temp/temp_1.ibt": block, "binlog.000001": block, "binlog.index": "", "host-relay-bin.1000000": block,
	})
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	got, err := DataSize(dir)
	want := Sizes{Total: disk.Size{Apparent: 10 * 64 << 10, Allocated: 10 * 64 << 10}, InnoDB: 4 * 64 << 10, Largest: 64 << 10}
	if err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	sparse := filepath.Join(dir, "shop", "sparse.ibd")
	testkit.Write(t, dir, map[string]string{"shop/sparse.ibd": ""})
	if err := os.Truncate(sparse, 1<<40); err != nil {
		t.Fatal(err)
	}
	if got, err := DataSize(dir); err != nil || got.Total.Allocated > 1<<20 || got.Total.Apparent < 1<<40 {
		t.Errorf("with a hole of 1 TiB: %+v, %v", got, err)
	}
	linked := filepath.Join(t.TempDir(), "data")
	if err := os.Symlink(dir, linked); err != nil {
		t.Fatal(err)
	}
	want, _ = DataSize(dir)
	if got, err := DataSize(linked); err != nil || got != want {
		t.Errorf("through a link: %+v, %v; want %+v", got, err, want)
	}
	if got, err := DataSize(filepath.Join(dir, "nowhere")); err != nil || got.Total != (disk.Size{}) {
		t.Errorf("of a folder that is gone: %+v, %v", got, err)
	}
}

// What lies behind links is copied, and takes room: a database, a table's file, a
// table that another file says where to find. What is no table's is not looked at.
func TestDataSizeBehindLinks(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), t.TempDir()
	block := string(make([]byte, 64<<10))
	testkit.Write(t, outside, map[string]string{"db/one.ibd": block, "db/db.opt": "", "db/deep/two.ibd": block, "db/notes.txt": block,
		"far/far.ibd": block, "mine.MYD": block, "photos/a.jpg": block})
	testkit.Write(t, dir, map[string]string{"shop/far.isl": filepath.Join(outside, "far/far.ibd") + "\n",
		"shop/gone.isl": filepath.Join(outside, "far/gone.ibd")})
	for name, to := range map[string]string{"linked": "db", "album": "photos", "shop/mine.MYD": "mine.MYD", "dangling": "nowhere"} {
		if err := os.Symlink(filepath.Join(outside, to), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := DataSize(dir)
	if err != nil || got.Total.Allocated < 3*64<<10 || got.Total.Allocated > 3*64<<10+16<<10 || got.InnoDB != 2*64<<10 {
		t.Errorf("%+v, %v", got, err)
	}
	tables, err := linkedTables(dir)
	want := []OutsideTable{{"linked", filepath.Join(outside, "db")}, {"shop/far", filepath.Join(outside, "far/far.ibd")},
		{"shop/gone", filepath.Join(outside, "far/gone.ibd")}}
	if err != nil || !slices.Equal(tables, want) {
		t.Errorf("%v, %v; want %v", tables, err, want)
	}
	info := Info{Flavour: MySQL, Outside: tables[:1]}
	if inside, only := info.ComeInside(), info.ToFolderOnly(); inside != "all of linked at "+want[0].At || only != "" {
		t.Errorf("a linked database of MySQL: inside %q, to a folder only %q", inside, only)
	}
	info.Outside = tables
	if inside, only := info.ComeInside(), info.ToFolderOnly(); inside != "all of linked at "+want[0].At ||
		!strings.Contains(only, "keeps tables outside its data directory (shop/far at ") {
		t.Errorf("with a table: inside %q, to a folder only %q", inside, only)
	}
	info.Flavour = MariaDB
	if inside := info.ComeInside(); !strings.HasPrefix(inside, "all of linked at "+want[0].At+", shop/far at ") {
		t.Errorf("of MariaDB: %q", inside)
	}
}
