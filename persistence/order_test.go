package persistence

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestBackupsAreOrderedByWhatTheLedgerCounts(t *testing.T) {
	t.Parallel()
	// Each is its number, 0 for none, and the minute at which it was made.
	for name, test := range map[string]struct {
		made map[string][2]int
		want string
	}{
		"none":                    {nil, ""},
		"by number":               {map[string][2]int{"a": {1, 10}, "b": {2, 20}, "c": {3, 30}}, "a b c"},
		"a clock that was ahead":  {map[string][2]int{"a": {1, 10}, "ahead": {2, 9000}, "c": {3, 30}}, "a ahead c"},
		"a clock that was behind": {map[string][2]int{"a": {1, 10}, "behind": {2, 0}, "c": {3, 30}}, "a behind c"},
		"only times known":        {map[string][2]int{"c": {0, 30}, "a": {0, 10}, "b": {0, 10}}, "a b c"},
		"times among numbers": {map[string][2]int{"a": {1, 10}, "c": {3, 30}, "b": {0, 20}, "first": {0, 5}, "last": {0, 40}},
			"first a b c last"},
		"times beside a clock ahead": {map[string][2]int{"a": {1, 10}, "ahead": {2, 9000}, "c": {3, 30}, "old": {0, 15}, "new": {0, 40}},
			"a old ahead c new"},
		"two without numbers after the same": {map[string][2]int{"a": {1, 10}, "z": {0, 11}, "y": {0, 12}}, "a z y"},
	} {
		var list []Backup
		for id, made := range test.made {
			list = append(list, Backup{ID: id, Number: int64(made[0]), StartTime: minute(made[1])})
		}
		SortMade(list, func(b Backup) Made { return Made{b.Number, b.StartTime, b.ID} })
		var ids []string
		for _, b := range list {
			ids = append(ids, b.ID)
		}
		if got := strings.Join(ids, " "); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

// The times say the contrary of each of these.
func TestRestoreAndBackupAreOrderedByTheLedger(t *testing.T) {
	t.Parallel()
	ahead, now := minute(500_000), minute(1)
	for name, test := range map[string]struct {
		// accepted and ended are the order of a backup and of a restore.
		accepted, ended string
		backup, restore time.Time
		want            bool
	}{
		"a restore while the clock was ahead": {"restore backup", "restore backup", now, ahead, false},
		"a backup while the clock was ahead":  {"backup restore", "backup restore", ahead, now, true},
		"a restore that was tried again":      {"restore backup", "backup restore", ahead, now, true},
		"a backup that was tried again":       {"backup restore", "restore backup", ahead, now, true},
	} {
		d := openNew(t)
		operations := map[string]Operation{}
		for id := range strings.FieldsSeq(test.accepted) {
			o := operation(id)
			o.BackupID, o.ReplacesDataDirectory = "b", id == "restore"
			operations[id] = d.accept(o)
		}
		for id := range strings.FieldsSeq(test.ended) {
			d.apply(step(operations[id], "x", "done", func(c *Change) {
				c.Status, c.At = Succeeded, test.restore
				if id == "backup" {
					c.At, c.Backup = test.backup, &Backup{ID: "b", StartTime: test.backup, EndTime: &test.backup}
				}
			}))
		}
		list, err := d.Backups(t.Context())
		if err != nil || len(list) != 1 || list[0].Number != operations["backup"].Number {
			t.Fatalf("%s: %+v, %v", name, list, err)
		}
		at, err := d.RestoredSince(t.Context(), list[0])
		if err != nil || at.IsZero() == test.want || test.want && !at.Equal(test.restore) {
			t.Errorf("%s: restored since at %v, %v", name, at, err)
		}
	}
}

// A backup whose operation the ledger does not know has its time only. What is
// taken instead has a number, so the advice to take a new one ends the matter.
func TestRestoreAndABackupOfWhichOnlyTheTimeIsKnown(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	o := operation("restore")
	o.ReplacesDataDirectory = true
	o = d.accept(o)
	d.apply(step(o, "x", "done", func(c *Change) { c.Status, c.At = Succeeded, minute(500_000) }))
	full := operation("full")
	full.BackupID = "full"
	full = d.accept(full)
	d.apply(step(full, "x", "done", func(c *Change) {
		c.Status, c.At, c.Backup = Succeeded, minute(2), &Backup{ID: "full", StartTime: minute(2)}
	}))
	list, err := d.Backups(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	list = slices.Insert(list, 0, Backup{ID: "before", StartTime: minute(1)}, Backup{ID: "after", StartTime: minute(500_001)})
	for i, want := range []bool{true, false, false} {
		if at, err := d.RestoredSince(t.Context(), list[i]); err != nil || at.IsZero() == want {
			t.Errorf("%s: %v, %v", list[i].ID, at, err)
		}
	}
}
