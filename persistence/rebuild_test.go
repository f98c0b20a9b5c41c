package persistence

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// found is a backup that was found without a record.
func found(id, from string) FoundBackup {
	return FoundBackup{
		Backup: Backup{ID: id, FromBackupID: from, StartTime: noon, EndTime: pointer(minute(1)), Size: pointer(int64(7))},
		Process: Process{CommandID: "op-" + id, Command: "dbcalm-db-cmd backups rebuild", Output: "recovered", StartTime: noon,
			EndTime: pointer(minute(1)), Type: TypeBackup, Args: json.RawMessage(`{"id":"` + id + `"}`)},
	}
}

// rebuild demands which rows are made and removed.
func (d *database) rebuild(r Rebuild, made, removed string) {
	d.t.Helper()
	m, g, err := d.Rebuild(d.t.Context(), r)
	if err != nil || strings.Join(m, " ") != made || strings.Join(g, " ") != removed {
		d.t.Errorf("made %q, removed %q, %v; want %q and %q", m, g, err, made, removed)
	}
}

func TestFoundBackupsAreRecorded(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	all := Rebuild{Found: []FoundBackup{found("full", ""), found("inc", "full"), found("orphan", "gone"), found("later", "orphan")}}
	d.rebuild(all, "full inc", "")
	want := Backup{ID: "inc", FromBackupID: "full", StartTime: noon, EndTime: pointer(minute(1)), Size: pointer(int64(7)),
		ProcessID: d.newest("op-inc").ID}
	if got, err := d.Backup(t.Context(), "inc"); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	p := d.newest("op-inc")
	if p.Status != "success" || p.ReturnCode == nil || *p.ReturnCode != 0 || p.Output != "recovered" || !p.StartTime.Equal(noon) ||
		!p.EndTime.Equal(minute(1)) || p.Type != TypeBackup || string(p.Args) != `{"id":"inc"}` {
		t.Errorf("process row: %+v", p)
	}
	// What is recorded is not recorded again, with no process row either.
	d.rebuild(all, "", "")
	if n := len(d.processes("op-inc")) + len(d.processes("op-orphan")); n != 1 {
		t.Errorf("%d process rows", n)
	}
	// The reading program enforces its foreign keys.
	run(t, outsider(t, d.path), `CREATE TABLE schedule (id INTEGER PRIMARY KEY)`, `DELETE FROM backup WHERE id = 'full'`)
	if list, err := d.Backups(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("left: %+v, %v", list, err)
	}
}

func TestRowsWithoutBackupsAreRemoved(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	for _, link := range [][2]string{{"full", ""}, {"inc", "full"}, {"kept", ""}, {"on-kept", "kept"}, {"newer", ""}} {
		d.record(link[0], link[1])
	}
	gone := func(ids ...string) Rebuild {
		var r Rebuild
		for _, id := range ids {
			b, err := d.Backup(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			r.Gone = append(r.Gone, b)
		}
		return r
	}
	stale := gone("newer")
	stale.Gone[0].StartTime = minute(-5)
	d.rebuild(stale, "", "")
	d.rebuild(gone("kept"), "", "")
	both := gone("inc", "full")
	d.rebuild(both, "", "inc full")
	d.rebuild(both, "", "")
	// One that is found on another whose row is to go keeps that row.
	mixed := gone("newer")
	mixed.Found = []FoundBackup{found("on-newer", "newer")}
	d.rebuild(mixed, "on-newer", "")
}

func TestWhatIsInUseIsLeftAlone(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	d.record("read", "")
	d.record("deleted", "")
	made, reads := operation("made"), operation("reads")
	d.accept(made, Claim{BackupID: "b-made", Use: Makes})
	reads.BackupID = "read"
	d.accept(reads, Claim{BackupID: "read", Use: Reads}, Claim{BackupID: "deleted", Use: Deletes})
	r := Rebuild{Found: []FoundBackup{found("b-made", "")}}
	for _, id := range []string{"read", "deleted"} {
		b, err := d.Backup(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		r.Gone = append(r.Gone, b)
	}
	d.rebuild(r, "", "")
	claims, err := d.OpenClaims(t.Context())
	want := []Claim{{"made", "b-made", Makes}, {"reads", "deleted", Deletes}, {"reads", "read", Reads}}
	if err != nil || !slices.Equal(claims, want) {
		t.Errorf("open claims are %v, %v", claims, err)
	}
	for _, id := range []string{"made", "reads"} {
		d.apply(step(d.operation(id), "failed", "failed", func(c *Change) { c.Status = Failed }))
	}
	if claims, err := d.OpenClaims(t.Context()); err != nil || len(claims) != 0 {
		t.Errorf("open claims are %v, %v", claims, err)
	}
	d.rebuild(r, "b-made", "read deleted")
}
