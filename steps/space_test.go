package steps

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
	disktest "dbcalm-db-cmd/steps/testkit/disk"
)

func TestHumanBytes(t *testing.T) {
	t.Parallel()
	for n, want := range map[uint64]string{
		0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 1 << 20: "1.0 MiB", 5 << 30: "5.0 GiB", 1<<40 + 1<<39: "1.5 TiB",
		1 << 50: "1.0 PiB", math.MaxUint64: "16384.0 PiB",
	} {
		if got := humanBytes(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}

func TestMargin(t *testing.T) {
	t.Parallel()
	for size, want := range map[uint64]uint64{0: 64 << 20, 1000: 1100 + 64<<20, 1 << 40: 1<<40 + (1<<40)/10 + 64<<20} {
		if got := withMargin(size); got != want {
			t.Errorf("%d bytes ask for %d, want %d", size, got, want)
		}
	}
}

func TestDataSize(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	block := string(make([]byte, 64<<10))
	testkit.Write(t, dir, map[string]string{
		"ibdata1": block, "ib_logfile0": block, "ib_logfile1": block, "ibtmp1": block, "undo001": block, "aria_log.00000001": block,
		"shop/orders.ibd": block, "shop/notes.MYD": block, "shop/notes.MYI": block, "#innodb_redo/#ib_redo1": block,
		"#innodb_temp/temp_1.ibt": block, "binlog.000001": block, "binlog.index": "", "host-relay-bin.1000000": block,
	})
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	got, err := dataSize(dir)
	if want := (dataSizes{total: 6 * 64 << 10, innodb: 3 * 64 << 10, largest: 64 << 10}); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	sparse := filepath.Join(dir, "shop", "sparse.ibd")
	testkit.Write(t, dir, map[string]string{"shop/sparse.ibd": ""})
	if err := os.Truncate(sparse, 1<<40); err != nil {
		t.Fatal(err)
	}
	if got, err := dataSize(dir); err != nil || got.total > 1<<20 {
		t.Errorf("with a hole of 1 TiB: %+v, %v", got, err)
	}
	if got, err := dataSize(filepath.Join(dir, "nowhere")); err != nil || got.total != 0 {
		t.Errorf("of a folder that is gone: %+v, %v", got, err)
	}
}

func TestRequireSpace(t *testing.T) {
	t.Parallel()
	if !disktest.Enter(t) {
		return
	}
	dir := disktest.Small(t, 128<<20)
	if err := requireSpace(dir, 50<<20, "a full backup"); err != nil {
		t.Errorf("50 MiB and the margin into 128: %v", err)
	}
	testkit.Says(t, requireSpace(dir, 60<<20, "a full backup"), "not enough room for a full backup on the file system of "+dir, "it needs 130.0 MiB, 128.0 MiB are free")
	testkit.Says(t, requireSpace(filepath.Join(dir, "nowhere"), 1, "it"), "ask for free space: statfs "+dir)
}
