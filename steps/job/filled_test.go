package job

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/steps/digest"
	"dbcalm-db-cmd/steps/testkit"
)

// newHashingBench is a bench whose program's files are hashed.
func newHashingBench(t *testing.T, script string) *bench {
	t.Helper()
	return newBench(t, script, func(s *Spec) { s.Digests, s.Workers = s.Output+".digests.json", 2 })
}

// digestOf returns what the list says of a file of the program's; "" for nothing.
func (b *bench) digestOf(name string) string {
	b.T.Helper()
	list, err := digest.ReadList(b.files + ".digests.json")
	if err != nil {
		b.T.Fatal(err)
	}
	info, err := os.Lstat(filepath.Join(b.files, name))
	if err != nil {
		b.T.Fatal(err)
	}
	d, _ := list.Of(name, info)
	return d.SHA256
}

func TestOutputIsHashed(t *testing.T) {
	t.Parallel()
	b := newHashingBench(t, `mkdir files/shop
printf a >files/shop/a.ibd
printf old >files/changed; printf new >files/changed
printf b >files/shop/tmp; mv files/shop/tmp files/shop/b.ibd
printf gone >files/gone; rm files/gone
printf last >files/last`)
	b.start()
	if r := b.wait(); r.ExitCode != 0 || r.SyncError != "" {
		t.Fatalf("got %+v", r)
	}
	for name, text := range map[string]string{"shop/a.ibd": "a", "changed": "new", "shop/b.ibd": "b", "last": "last"} {
		sum := sha256.Sum256([]byte(text))
		if got := b.digestOf(name); got != hex.EncodeToString(sum[:]) {
			t.Errorf("%s has digest %q, want that of %q", name, got, text)
		}
	}
	testkit.Write(t, b.files, map[string]string{"last": "lost"})
	if got := b.digestOf("last"); got != "" {
		t.Errorf("what was changed afterwards has digest %q", got)
	}
}

// What a supervisor had hashed when it was killed is lost with it.
func TestKilledSupervisorLeavesNoDigests(t *testing.T) {
	t.Parallel()
	b := newHashingBench(t, `printf a >files/a; echo there >there; read line <"$GATE"`)
	b.start()
	b.has("there")
	if err := b.job.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r, err := b.job.Wait(t.Context()); !errors.Is(err, ErrNoResult) {
		t.Errorf("got %+v, %v", r, err)
	}
	if list, err := digest.ReadList(b.files + ".digests.json"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, %v", list, err)
	}
}
