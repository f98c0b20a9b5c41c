package job

import (
	"os"
	"testing"
)

// What an administrator has tuned stays.
func TestProgramsGetLargePages(t *testing.T) {
	t.Parallel()
	for now, want := range map[string]string{
		"":                       "GLIBC_TUNABLES=glibc.malloc.hugetlb=1",
		"glibc.malloc.check=3":   "GLIBC_TUNABLES=glibc.malloc.check=3:glibc.malloc.hugetlb=1",
		"glibc.malloc.hugetlb=0": "GLIBC_TUNABLES=glibc.malloc.hugetlb=0",
	} {
		if got := largePages(now); got != want {
			t.Errorf("of %q: got %q, want %q", now, got, want)
		}
	}
	b := newBench(t, `echo "$GLIBC_TUNABLES"`)
	b.start()
	if r := b.wait(); "GLIBC_TUNABLES="+r.Tail != largePages(os.Getenv(tunables))+"\n" {
		t.Errorf("the program got %q", r.Tail)
	}
}
