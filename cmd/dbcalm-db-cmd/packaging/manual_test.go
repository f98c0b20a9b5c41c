package packaging

import (
	"path/filepath"
	"testing"
)

// The pages are there and their marks are right: man has nothing to complain of.
func TestManualIsReadable(t *testing.T) {
	t.Parallel()
	tree, _ := build(t)
	pages, err := filepath.Glob(filepath.Join(tree, "usr/share/man/man8/*.8.gz"))
	if err != nil || len(pages) < 20 {
		t.Fatalf("the pages are %v, %v", pages, err)
	}
	for _, page := range pages {
		if said := run(t, "sh", "-c", `LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings --encoding=UTF-8 --local-file --troff-device=utf8 --ditroff "$0" 2>&1 >/dev/null`, page); said != "" {
			t.Errorf("%s: %s", page, said)
		}
	}
}
