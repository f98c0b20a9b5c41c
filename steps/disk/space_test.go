package disk

import (
	"math"
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
		if got := HumanBytes(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}

func TestSizesAreToldWithHoles(t *testing.T) {
	t.Parallel()
	size := Size{Apparent: 4096, Allocated: 4096}
	if got := size.String(); got != "4.0 KiB" {
		t.Errorf("without holes: %s", got)
	}
	if got := size.Add(Size{Apparent: 1 << 40, Allocated: 1024}).String(); got != "5.0 KiB (1.0 TiB with the holes in it)" {
		t.Errorf("with holes: %s", got)
	}
}

func TestMargin(t *testing.T) {
	t.Parallel()
	for size, want := range map[uint64]uint64{0: 64 << 20, 1000: 1100 + 64<<20, 1 << 40: 1<<40 + (1<<40)/10 + 64<<20} {
		if got := WithMargin(size); got != want {
			t.Errorf("%d bytes ask for %d, want %d", size, got, want)
		}
	}
}

func TestRequireSpace(t *testing.T) {
	t.Parallel()
	if !disktest.Enter(t) {
		return
	}
	dir := disktest.Small(t, 128<<20)
	if err := RequireSpace(dir, 50<<20, "a full backup"); err != nil {
		t.Errorf("50 MiB and the margin into 128: %v", err)
	}
	testkit.Says(t, RequireSpace(dir, 60<<20, "a full backup"), "not enough room for a full backup on the file system of "+dir,
		"it needs 130.0 MiB, 128.0 MiB are free")
	testkit.Says(t, RequireSpace(filepath.Join(dir, "nowhere"), 1, "it"), "ask for free space: statfs "+dir)
}
