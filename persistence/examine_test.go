package persistence

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

// large fills a store with more than is looked through before it is relied on,
// closes it, and returns its options.
func large(t *testing.T) Options {
	t.Helper()
	o := at(filepath.Join(t.TempDir(), "db.sqlite3"))
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	d := &database{Store: s, t: t, path: o.Shared}
	for _, id := range []string{"a", "b", "c"} {
		d.ended(id, func(c *Change) { c.Result = &ProcessResult{Output: strings.Repeat("argument ", 400_000)} })
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return o
}

// spoil damages the pages of a database that hold nothing but a long text.
func spoil(t *testing.T, path string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(content); i += 4096 {
		if bytes.Contains(content[i+2000:i+2020], []byte("argument ")) {
			copy(content[i:], []byte{0xa5, 0xa5, 0xa5, 0xa5})
		}
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDamageOfALargeLedgerIsFoundMeanwhile(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	o := large(t)
	ledger := LedgerPath(o.StateDir)
	spoil(t, ledger)
	told := make(chan error, 1)
	o.Damaged = func(err error) { told <- err }
	d := openWith(t, o)
	broken(t, <-told, ledger, "it is damaged: move it aside")
	broken(t, d.CheckWritable(t.Context()), ledger, "it is damaged: move it aside")
	op := operation("new")
	broken(t, offer(t.Context(), d.Store, op, nil), ledger, "it is damaged: move it aside")
}

func TestDamageOfALargeSharedFileIsFoundMeanwhile(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	o := large(t)
	spoil(t, o.Shared)
	d := openWith(t, o)
	testkit.Eventually(t, "the damage is known", func() bool { return d.CheckWritable(t.Context()) != nil })
	broken(t, d.CheckWritable(t.Context()), o.Shared, "damaged")
	op := operation("new")
	broken(t, offer(t.Context(), d.Store, op, nil), o.Shared, "damaged")
}

func TestALargeFileIsInspectedInPart(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	o := large(t)
	for _, path := range []string{LedgerPath(o.StateDir), o.Shared} {
		found, err := Inspect(t.Context(), path, 1)
		if err != nil || !found.Partly || found.Damage != nil {
			t.Errorf("in no time: %+v, %v", found, err)
		}
		if found, err = Inspect(t.Context(), path, 0); err != nil || found.Partly || found.Damage != nil {
			t.Errorf("with patience: %+v, %v", found, err)
		}
	}
}
