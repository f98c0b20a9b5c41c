package transport

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestIsBackupID(t *testing.T) {
	t.Parallel()
	for _, id := range []string{
		"a", "0", "_", ":", "_-.", "2026-03-04T05:06:07", "Restores", "TMP", "restores1", "tmp.", "a..b", strings.Repeat("x", 128),
	} {
		if !isBackupID(id) {
			t.Errorf("%q is refused", id)
		}
	}
	for _, id := range []string{
		"", ".", "..", ".partial", "-rf", "restores", "tmp", "a/b", "/", "a b", " a", "a\n", "a\x00b", "é", "a\u200b", "a'b", "a\\b", "*",
		strings.Repeat("x", 129),
	} {
		if isBackupID(id) {
			t.Errorf("%q is accepted", id)
		}
	}
}

// FuzzID: an accepted id is a visible folder right inside the store.
func FuzzID(f *testing.F) {
	for _, seed := range []string{"b1", "", "..", "a/b", "restores", "tmp", "é", "a\x00", strings.Repeat("x", 129)} {
		f.Add(seed)
	}
	rule := regexp.MustCompile(`\A[A-Za-z0-9_:][A-Za-z0-9._:-]{0,127}\z`)
	f.Fuzz(func(t *testing.T, id string) {
		got := isBackupID(id)
		if want := rule.MatchString(id) && id != "restores" && id != "tmp"; got != want {
			t.Fatalf("%q: %v, want %v", id, got, want)
		}
		if got && (filepath.Join("/store", id) != "/store/"+id || filepath.Dir(filepath.Join("/store", id)) != "/store") {
			t.Errorf("%q leaves the store", id)
		}
	})
}
