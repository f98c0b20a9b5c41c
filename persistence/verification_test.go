package persistence

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"
)

// verify ends an operation with verdicts, n minutes after noon.
func (d *database) verify(n int, verdicts ...Verdict) string {
	d.t.Helper()
	id := fmt.Sprintf("verify-%d", n)
	o := d.accept(operation(id))
	d.apply(step(o, "ok", "done", func(c *Change) { c.Status, c.At, c.Verdicts = Succeeded, minute(n), verdicts }))
	return id
}

func (d *database) verification(backup string) Verification {
	d.t.Helper()
	list, err := d.Verifications(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	return list[backup]
}

func TestLevelsCoverThoseBeforeThem(t *testing.T) {
	t.Parallel()
	for i, level := range Levels {
		for j, other := range append([]Level{""}, Levels...) {
			if got, want := level.Covers(other), j <= i+1; got != want {
				t.Errorf("%q covers %q: %t, want %t", level, other, got, want)
			}
		}
		if Level("").Covers(level) {
			t.Errorf("no level covers %s", level)
		}
	}
}

func TestVerdictsAddUp(t *testing.T) {
	t.Parallel()
	passed := func(level Level) Verdict { return Verdict{BackupID: "b", MadeBy: "maker", Level: level} }
	failed := func(level Level) Verdict {
		return Verdict{BackupID: "b", MadeBy: "maker", Level: level, Damage: "damaged at " + string(level)}
	}
	for name, test := range map[string]struct {
		verdicts []Verdict
		level    Level
		// passed is the number of the verdict that passed it, failed of the one
		// that is still held against the backup; 0 for none.
		passed, failed int
	}{
		"never failed":           {[]Verdict{passed(LevelChecksum)}, LevelChecksum, 1, 0},
		"higher than before":     {[]Verdict{passed(LevelFiles), passed(LevelBoot)}, LevelBoot, 2, 0},
		"lower than before":      {[]Verdict{passed(LevelBoot), passed(LevelFiles)}, LevelBoot, 1, 0},
		"the same again":         {[]Verdict{passed(LevelPrepare), passed(LevelPrepare)}, LevelPrepare, 2, 0},
		"only failed":            {[]Verdict{failed(LevelChecksum)}, "", 0, 1},
		"failed since":           {[]Verdict{passed(LevelBoot), failed(LevelFiles)}, LevelBoot, 1, 2},
		"failed again":           {[]Verdict{failed(LevelFiles), failed(LevelBoot)}, "", 0, 2},
		"passed below":           {[]Verdict{failed(LevelBoot), passed(LevelPrepare)}, LevelPrepare, 2, 1},
		"passed where it failed": {[]Verdict{failed(LevelBoot), passed(LevelBoot)}, LevelBoot, 2, 0},
		"passed higher":          {[]Verdict{passed(LevelFiles), failed(LevelChecksum), passed(LevelPrepare)}, LevelPrepare, 3, 0},
		"passed, failed, mended": {[]Verdict{passed(LevelBoot), failed(LevelChecksum), passed(LevelChecksum)}, LevelBoot, 1, 0},
		"another of this id": {[]Verdict{passed(LevelBoot), failed(LevelBoot), {BackupID: "b", MadeBy: "other", Level: LevelFiles}},
			LevelFiles, 3, 0},
		"nothing tells its maker": {[]Verdict{passed(LevelBoot), {BackupID: "b", Level: LevelFiles, Damage: "manifest damaged"}},
			LevelBoot, 1, 2},
		"an older program's": {[]Verdict{passed(LevelBoot), {BackupID: "b", Level: LevelPrepare}}, LevelPrepare, 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := openNew(t)
			d.record("b", "")
			var operations []string
			for i, verdict := range test.verdicts {
				operations = append(operations, d.verify(i+1, verdict))
			}
			v := d.verification("b")
			at := func(n int) time.Time {
				if n == 0 {
					return time.Time{}
				}
				return minute(n)
			}
			if v.Level != test.level || !v.PassedAt.Equal(at(test.passed)) {
				t.Errorf("passed %s at %s", v.Level, v.PassedAt)
			}
			if !v.FailedAt.Equal(at(test.failed)) || (v.Damage != "") != (test.failed > 0) || (v.FailedLevel != "") != (test.failed > 0) {
				t.Errorf("failed: %+v", v)
			}
			if test.failed > 0 && (v.FailedIn != operations[test.failed-1] || v.Damage != test.verdicts[test.failed-1].Damage) {
				t.Errorf("failed in %s: %s", v.FailedIn, v.Damage)
			}
		})
	}
}

func TestVerdictsOfAChain(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	d.record("full", "")
	d.record("inc", "full")
	d.verify(1, Verdict{BackupID: "full", Level: LevelChecksum}, Verdict{BackupID: "inc", Level: LevelBoot},
		Verdict{BackupID: "gone", Level: LevelBoot})
	list, err := d.Verifications(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if ids := slices.Sorted(maps.Keys(list)); !slices.Equal(ids, []string{"full", "inc"}) {
		t.Errorf("known of %v; a backup without a record is none", ids)
	}
	o := d.accept(operation("delete"))
	d.apply(step(o, "ok", "done", func(c *Change) { c.Status, c.DeleteBackup = Succeeded, "inc" }))
	if v := d.verification("inc"); v != (Verification{}) {
		t.Errorf("after its deletion: %+v", v)
	}
	if v := d.verification("full"); v.Level != LevelChecksum {
		t.Errorf("what it stood on: %+v", v)
	}
}

func TestVerdictsGoWithTheirTransition(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	d.record("b", "")
	o := d.accept(operation("op"))
	if _, err := d.RequestCancel(t.Context(), "op", noon, []string{o.State}); err != nil {
		t.Fatal(err)
	}
	_, err := d.Apply(t.Context(), step(o, "ok", "done", func(c *Change) {
		c.HonourCancel, c.Verdicts = true, []Verdict{{BackupID: "b", Level: LevelBoot}}
	}))
	d.refused(err, ErrCancelRequested, d.operation("op"))
	if v := d.verification("b"); v != (Verification{}) {
		t.Errorf("of a transition that was refused: %+v", v)
	}
}
