package steps

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// A compressed table's file is mostly holes, which the server has made. It takes
// no more on the disk wherever it goes.
func TestHolesSurvive(t *testing.T) {
	t.Parallel()
	testkit.NeedsServer(t)
	b := newKitBench(t, kits(t)[0])
	b.db.Exec("CREATE DATABASE shop", "CREATE TABLE shop.t (id INT PRIMARY KEY, a LONGTEXT) PAGE_COMPRESSED=1",
		"INSERT INTO shop.t SELECT seq, REPEAT(MD5(seq MOD 3), 90) FROM shop.seq_1_to_10000",
		"SET GLOBAL innodb_max_dirty_pages_pct_lwm=0.0", "SET GLOBAL innodb_max_dirty_pages_pct=0.0",
		"FLUSH TABLES shop.t FOR EXPORT", "UNLOCK TABLES")
	table := func(folder string) (size, taken uint64) {
		info, err := os.Stat(filepath.Join(folder, "shop", "t.ibd"))
		b.Must(err)
		return uint64(info.Size()), disk.Allocated(info)
	}
	size, taken := table(b.Server.DataDir)
	if taken > size/2 {
		t.Fatalf("the server's file has %d bytes and takes %d", size, taken)
	}
	want := mariadbtest.Fingerprint(t, b.db.DB())
	forms := testkit.Some(t, []string{"zstd", "stream", "directory"})
	for _, form := range forms {
		b.storeIn(form)
		b.Must(b.take(form, ""))
	}
	b.db.Stop()
	for _, form := range forms {
		b.storeIn(form)
		link, err := b.Store.Link(t.Context(), form)
		b.Must(err)
		if all, err := link.Size(); err != nil || all.Apparent-all.Allocated < (size-taken)*9/10 ||
			!strings.Contains(all.String(), " with the holes in it)") {
			t.Errorf("%s: the room for a restore is %s, %v", form, all, err)
		}
		about := b.Store.About(form)
		if info := link.Manifest; about.Form != info.StoredAs() || !strings.Contains(about.Server, "MariaDB") || uint64(*about.DataSize) < size {
			t.Errorf("%s: told are %s, %s, %d bytes of data", form, about.Form, about.Server, *about.DataSize)
		}
		restored, err := b.restore("folder", form)
		b.Must(err)
		if s, n := table(restored); s != size || n > taken*11/10 {
			t.Errorf("%s: restored are %d bytes, which take %d; it was %d and %d", form, s, n, size, taken)
		}
		b.db.StartOn(restored)
		if got := mariadbtest.Fingerprint(t, b.db.DB()); !maps.Equal(got, want) {
			t.Errorf("%s: restored is %v, not %v", form, got, want)
		}
		b.db.Stop()
	}
}
