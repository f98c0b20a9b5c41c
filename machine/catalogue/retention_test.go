package catalogue

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/machine/api"
)

// aged is a chain whose backups were taken so many days before noon, the full
// one first.
func aged(full string, days ...int) ownedChain {
	noon := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	// What was made earlier has a lower place, however many there are.
	c := ownedChain{full: full, counts: true, began: -days[0], grew: -days[len(days)-1], newest: noon.AddDate(0, 0, -days[len(days)-1])}
	for i, d := range days {
		from := ""
		if i > 0 {
			from = c.links[i-1].ID
		}
		end := noon.AddDate(0, 0, -d)
		c.links = append(c.links, api.BackupView{ID: fmt.Sprintf("%s-%d", full, i), FromBackupID: from,
			StartTime: end.Add(-time.Hour), EndTime: &end})
	}
	return c
}

// at puts a chain of one backup at another place than its time says.
func at(c ownedChain, place int) ownedChain { c.began, c.grew = place, place; return c }

func with(c ownedChain, change func(*ownedChain)) ownedChain { change(&c); return c }

func TestRetentionIsDecided(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	damaged := func(c *ownedChain) { c.problem = "file ibdata1 is missing" }
	lost := func(c *ownedChain) { c.problem, c.counts = "its folder is missing", false }
	held := func(c *ownedChain) { c.held = "in use" }
	week := []ownedChain{aged("a", 21, 15), aged("b", 14, 8), aged("c", 7, 1), aged("d", 0)}
	for name, test := range map[string]struct {
		retention api.Retention
		chains    []ownedChain
		// goes are the chains that go, why is said of the first chain.
		goes, why string
	}{
		"nothing there":          {api.Retention{Full: 1}, nil, "", ""},
		"no retention":           {api.Retention{}, week, "", ""},
		"full":                   {api.Retention{Full: 2}, week, "a b", "3 full backups newer (full: 2)"},
		"full, as many as there": {api.Retention{Full: 4}, week, "", "3 full backups newer (full: 4)"},
		"full 1":                 {api.Retention{Full: 1}, week, "a b c", "3 full backups newer (full: 1)"},
		"days, by the newest":    {api.Retention{Days: 8}, week, "a b", "15 days old (days: 8)"},
		"days, one more":         {api.Retention{Days: 9}, week, "a", "15 days old (days: 9)"},
		"days, none as young":    {api.Retention{Days: 1}, week[:3], "a b", "15 days old (days: 1)"},
		"both, days hold":        {api.Retention{Full: 1, Days: 10}, week, "a", "3 full backups newer (full: 1); 15 days old (days: 10)"},
		"both, full holds":       {api.Retention{Full: 3, Days: 1}, week, "a", "3 full backups newer (full: 3); 15 days old (days: 1)"},
		"both hold":              {api.Retention{Full: 4, Days: 16}, week, "", "3 full backups newer (full: 4); 15 days old (days: 16)"},
		"order does not matter": {api.Retention{Full: 2}, []ownedChain{week[3], week[0], week[2], week[1]}, "a b",
			"0 full backups newer (full: 2)"},
		"the only chain": {api.Retention{Days: 1}, week[:1], "", "the newest good chain"},
		"the newest is damaged": {api.Retention{Full: 1}, []ownedChain{week[0], week[1], with(week[2], damaged)}, "a",
			"2 full backups newer (full: 1)"},
		"the newest good, by days": {api.Retention{Days: 1}, []ownedChain{week[0], week[1], with(week[2], damaged)},
			"a c", "15 days old (days: 1)"},
		"no good one at all": {api.Retention{Full: 1, Days: 1}, []ownedChain{with(week[0], damaged), with(week[1], lost)}, "",
			"no chain is known to be good; 0 full backups newer (full: 1); not good: file ibdata1 is missing"},
		"a lost full counts not": {api.Retention{Full: 2}, []ownedChain{week[0], week[1], with(week[2], lost), week[3]},
			"a", "2 full backups newer (full: 2)"},
		"a lost one goes too": {api.Retention{Full: 1}, []ownedChain{with(week[0], lost), week[3]}, "a",
			"1 full backup newer (full: 1); not good: its folder is missing"},
		"in use": {api.Retention{Full: 1}, []ownedChain{with(week[0], held), week[1], week[3]}, "b", "in use"},
		"long chain beside a full": {api.Retention{Full: 1}, []ownedChain{aged("long", 30, 20, 10, 0), aged("short", 5)},
			"", "the newest good chain"},
		"long chain, days": {api.Retention{Days: 7}, []ownedChain{aged("long", 30, 20, 10, 0), aged("short", 8)}, "short",
			"the newest good chain; 0 days old (days: 7)"},
		"from before the clock was put right": {api.Retention{Full: 1},
			[]ownedChain{at(aged("a", -300), -3), aged("b", 2), aged("c", 1)}, "a b", "2 full backups newer (full: 1)"},
		"from the future": {api.Retention{Days: 7}, []ownedChain{aged("a", -3), aged("b", 1)}, "",
			"the newest good chain; 0 days old (days: 7)"},
		"a restart from a wrong day": {api.Retention{Full: 1}, []ownedChain{aged("a", 1), at(aged("b", 1), -2)}, "b",
			"the newest good chain; 0 full backups newer (full: 1)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fates := decide(test.retention, test.chains, noon)
			var goes []string
			for id, f := range fates {
				if f.goes {
					goes = append(goes, id)
				}
				if f.why == "" && !test.retention.IsZero() {
					t.Errorf("no reason for %s", id)
				}
			}
			slices.Sort(goes)
			if got := strings.Join(goes, " "); got != test.goes {
				t.Errorf("%q go, want %q: %+v", got, test.goes, fates)
			}
			if len(test.chains) > 0 && !strings.Contains(fates[test.chains[0].full].why, test.why) {
				t.Errorf("why: %q, want %q", fates[test.chains[0].full].why, test.why)
			}
		})
	}
}

func TestBackupsAreGroupedIntoChains(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	var views []api.BackupView
	for i, word := range strings.Fields("f i<f j<i k<i g orphan<gone on-orphan<orphan r<s s<r self<self") {
		id, from, _ := strings.Cut(word, "<")
		views = append(views, api.BackupView{ID: id, FromBackupID: from, StartTime: start.Add(time.Duration(i) * time.Hour), Size: new(int64)})
	}
	slices.Reverse(views)
	var got []string
	for _, c := range groupChains(views) {
		word := strings.Join(c.ids(), ">")
		if c.held != "" {
			word += "!"
		}
		if c.counts == (c.held != "") {
			t.Errorf("%s counts: %v, held: %s", word, c.counts, c.held)
		}
		got = append(got, word)
	}
	if got, want := strings.Join(got, " "), "f>i>j>k g orphan>on-orphan! r>s! self!"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := fmt.Sprint(groupChains(views)[0].lineages()); got != "[[f i j] [f i k]]" {
		t.Errorf("lineages: %s", got)
	}
}

func TestChainsAreHeldForWhatIsAmiss(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	full := api.BackupView{ID: "f", StartTime: start}
	for name, test := range map[string]struct {
		inc           api.BackupView
		held, problem string
	}{
		"in order": {api.BackupView{StartTime: start}, "", ""},
		"no record": {api.BackupView{StartTime: start, Unrecorded: true, Problem: "its record is lost"},
			"'i' has no record: dbcalm-db-cmd backups rebuild", "'i': its record is lost"},
		"no time":    {api.BackupView{}, "it is not recorded when 'i' was taken", ""},
		"no folder":  {api.BackupView{StartTime: start, Problem: "its folder is missing"}, "", "'i': its folder is missing"},
		"proved bad": {api.BackupView{StartTime: start, Problem: "failed checksum"}, "", "'i': failed checksum"},
	} {
		test.inc.ID, test.inc.FromBackupID = "i", "f"
		chains := groupChains([]api.BackupView{full, test.inc})
		// Without a time it sorts first, but the chain is the full one's.
		if len(chains) != 1 || chains[0].full != "f" || chains[0].held != test.held || chains[0].problem != test.problem || !chains[0].counts {
			t.Errorf("%s: %+v", name, chains)
		}
	}
}
