package packaging

import (
	"path/filepath"
	"testing"
)

// The pages are there and their marks are right: man has nothing to complain of.
func TestManualIsReadable(t *testing.T) {
	t.Parallel()
	tree, _ := build(t)
	var pages []string
	for section, few := range map[string]int{"8": 20, "7": 10} {
		found, err := filepath.Glob(filepath.Join(tree, "usr/share/man/man"+section, "*."+section+".gz"))
		if err != nil || len(found) < few {
			t.Fatalf("the pages of section %s are %v, %v", section, found, err)
		}
		pages = append(pages, found...)
	}
	for _, page := range pages {
		said := run(t, "sh", "-c",
			`LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings --encoding=UTF-8 --local-file --troff-device=utf8 --ditroff "$0" 2>&1 >/dev/null`, page)
		if said != "" {
			t.Errorf("%s: %s", page, said)
		}
	}
}
