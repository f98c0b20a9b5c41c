package catalogue

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/store"
)

// shelf is a store and its records, each backup a word: ID or ID<BASE, in
// store with its manifest, in rows as recorded.
type shelf struct {
	rows, store string
	// problems of folders, by name.
	problems map[string]error
	// change alters manifests by id.
	change map[string]func(*store.Manifest)
	used   string
	prune  bool
}

func (s shelf) plan() *rebuildPlan {
	start := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	c := snapshot{rows: map[string]persistence.Backup{}, used: map[string]bool{}}
	for _, word := range strings.Fields(s.rows) {
		id, base, _ := strings.Cut(word, "<")
		c.rows[id] = persistence.Backup{ID: id, FromBackupID: base, StartTime: start}
	}
	for _, id := range strings.Fields(s.used) {
		c.used[id] = true
	}
	var folders []store.Stored
	there := map[string]bool{}
	for _, word := range slices.Sorted(slices.Values(strings.Fields(s.store))) {
		id, base, _ := strings.Cut(word, "<")
		there[id] = true
		m := &store.Manifest{ID: id, ParentID: base, Operation: "made-" + id, StartTime: start, EndTime: start.Add(time.Minute), Size: 7}
		if base != "" {
			m.ParentOperation = "made-" + base
		}
		if change := s.change[id]; change != nil {
			change(m)
		}
		f := store.Stored{Name: id, Manifest: m, Problem: s.problems[id]}
		if f.Problem == fs.ErrNotExist {
			f.Manifest = nil
		}
		folders = append(folders, f)
	}
	p := newPlan("/b", c, snapshot{rows: c.rows, used: maps.Clone(c.used)}, folders, func(id string) bool { return !there[id] })
	p.decide(s.prune)
	return p
}

// told is the plan in a few words: what is done, then what is left to a
// person.
func told(p *rebuildPlan) string {
	var words []string
	for _, f := range p.changes.Found {
		words = append(words, "+"+f.Backup.ID)
	}
	for _, b := range p.changes.Gone {
		words = append(words, "-"+b.ID)
	}
	for _, f := range p.findings {
		if f.Done == "" {
			words = append(words, fmt.Sprintf("%s:%s", f.Name, strings.ReplaceAll(f.Found, " ", "-")))
		}
	}
	return strings.Join(words, " ")
}

func TestRebuildIsDecided(t *testing.T) {
	t.Parallel()
	damaged := fmt.Errorf("backup 'x' is damaged: file f is missing")
	other := fmt.Errorf("%w: 'else'", store.ErrOtherBackup)
	for name, test := range map[string]struct {
		shelf
		want string
	}{
		"nothing at all":                {shelf{}, ""},
		"all in order":                  {shelf{rows: "f i<f", store: "f i<f"}, ""},
		"a lost database":               {shelf{store: "z-full a<z-full b<a y-full"}, "+z-full +a +b +y-full"},
		"one lost record":               {shelf{rows: "f j<i", store: "f i<f j<i"}, "+i"},
		"the first record of a chain":   {shelf{rows: "i<f", store: "f i<f"}, "+f"},
		"a lost base":                   {shelf{store: "i<f j<i"}, "i:no-base j:no-base"},
		"a base that is recorded only":  {shelf{rows: "f", store: "i<f"}, "+i f:no-folder"},
		"a recorded one without a base": {shelf{rows: "i<f", store: "i<f"}, "i:no-base"},
		"a stranger":                    {shelf{store: "f x", problems: map[string]error{"x": fs.ErrNotExist}}, "+f x:no-manifest"},
		"an older program's":            {shelf{rows: "f", store: "f", problems: map[string]error{"f": fs.ErrNotExist}}, ""},
		"on an older program's": {shelf{rows: "f", store: "f i<f", problems: map[string]error{"f": fs.ErrNotExist},
			change: map[string]func(*store.Manifest){"i": func(m *store.Manifest) { m.ParentOperation = "" }}}, "+i"},
		"on a stranger":                {shelf{store: "f i<f", problems: map[string]error{"f": fs.ErrNotExist}}, "f:no-manifest i:no-base"},
		"a copy":                       {shelf{store: "f x", problems: map[string]error{"x": other}}, "+f x:mismatch"},
		"a copy that is recorded":      {shelf{rows: "x", store: "x", problems: map[string]error{"x": other}}, "x:mismatch"},
		"damaged":                      {shelf{store: "f i<f", problems: map[string]error{"f": damaged}}, "f:damaged i:no-base"},
		"damaged and recorded":         {shelf{rows: "f", store: "f", problems: map[string]error{"f": damaged}}, "f:damaged"},
		"on a damaged one":             {shelf{rows: "f", store: "f i<f", problems: map[string]error{"f": damaged}}, "f:damaged i:no-base"},
		"another base than its record": {shelf{rows: "f g i<g", store: "f g i<f"}, "i:mismatch"},
		"a replaced base": {shelf{store: "f i<f",
			change: map[string]func(*store.Manifest){"f": func(m *store.Manifest) { m.Operation = "later" }}}, "+f i:mismatch"},
		"another server's": {shelf{store: "f i<f", change: map[string]func(*store.Manifest){
			"f": func(m *store.Manifest) { m.Server.UID = "a" }, "i": func(m *store.Manifest) { m.Server.UID = "b" }}}, "+f i:mismatch"},
		"a hole in the LSNs": {shelf{store: "f i<f",
			change: map[string]func(*store.Manifest){"f": func(m *store.Manifest) { m.ToLSN = 5 }}}, "+f i:mismatch"},
		"a circle":                   {shelf{store: "a<b b<a"}, "a:no-base b:no-base"},
		"being made":                 {shelf{store: "f", used: "f"}, ""},
		"on one that is being made":  {shelf{store: "f i<f", used: "f"}, ""},
		"being made, folder to come": {shelf{store: "i<f", used: "f"}, ""},
		"being deleted":              {shelf{rows: "f", used: "f", prune: true}, ""},

		"no folder":                   {shelf{rows: "f g", store: "g"}, "f:no-folder"},
		"no folder, pruned":           {shelf{rows: "f g", store: "g", prune: true}, "-f"},
		"a chain without folders":     {shelf{rows: "f i<f j<i g", store: "g", prune: true}, "-j -i -f"},
		"its branches too":            {shelf{rows: "f i<f j<f g", store: "g", prune: true}, "-i -j -f"},
		"the last links gone":         {shelf{rows: "f i<f j<i", store: "f", prune: true}, "-j -i"},
		"a link in the middle gone":   {shelf{rows: "f i<f j<i", store: "f j<i", prune: true}, "i:no-folder"},
		"needed by one to be found":   {shelf{rows: "f g", store: "g i<f", prune: true}, "+i f:no-folder"},
		"needed by one in use":        {shelf{rows: "f i<f g", store: "g", used: "i", prune: true}, "f:no-folder"},
		"in use":                      {shelf{rows: "f g", store: "g", used: "f", prune: true}, ""},
		"records that stand in a row": {shelf{rows: "a<b b<a g", store: "g", prune: true}, "b:no-folder a:no-folder"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := test.plan()
			if got := told(p); got != test.want {
				t.Errorf("got  %s\nwant %s\n%+v", got, test.want, p.findings)
			}
			for _, f := range p.findings {
				if f.Advice == "" {
					t.Errorf("no advice: %+v", f)
				}
			}
		})
	}
}

func TestEmptyMountPointIsNoStore(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		shelf
		away bool
	}{
		"nothing recorded":                {shelf{}, false},
		"nothing there":                   {shelf{rows: "f i<f"}, true},
		"strangers only":                  {shelf{rows: "f", store: "x", problems: map[string]error{"x": fs.ErrNotExist}}, true},
		"one there":                       {shelf{rows: "f g", store: "f"}, false},
		"an older program's there":        {shelf{rows: "f g", store: "f", problems: map[string]error{"f": fs.ErrNotExist}}, false},
		"one without a record there":      {shelf{rows: "f", store: "g"}, false},
		"one there that is not itself":    {shelf{rows: "f", store: "g", problems: map[string]error{"g": store.ErrOtherBackup}}, true},
		"one in its place, not as it was": {shelf{rows: "f", store: "f", problems: map[string]error{"f": store.ErrOtherBackup}}, false},
	} {
		if got := test.plan().storeIsAway(); got != test.away {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// What changes while the store is looked at is left for the next time.
func TestRebuildLeavesAloneWhatChangesMeanwhile(t *testing.T) {
	t.Parallel()
	row := func(ids ...string) snapshot {
		c := snapshot{rows: map[string]persistence.Backup{}, used: map[string]bool{}}
		for _, id := range ids {
			c.rows[id] = persistence.Backup{ID: id}
		}
		return c
	}
	all := []store.Stored{{Name: "appeared", Manifest: &store.Manifest{ID: "appeared"}},
		{Name: "vanished", Manifest: &store.Manifest{ID: "vanished"}}}
	p := newPlan("/b", row("vanished"), row("appeared", "new"), all, func(id string) bool { return id == "new" })
	p.decide(true)
	if told(p) != "" {
		t.Errorf("told %s", told(p))
	}
}
