package counts

import (
	"maps"
	"testing"

	"dbcalm-db-cmd/steps/server"
)

// What each engine and server say, and what follows from that.
func TestUnchanged(t *testing.T) {
	t.Parallel()
	const asked, long = 100_000, 90_000
	inno := Table{Schema: "a", Name: "t", File: "a/t", Engine: "InnoDB", Created: 1}
	mine := Table{Schema: "a", Name: "t", File: "a/t", Engine: "MyISAM", Created: 1, Files: []fileState{{1, 2e9, 3e9}, {4, 5e9, 6e9}}}
	with := func(t Table, set func(*Table)) Table { set(&t); return t }
	at := func(base Table, seconds int64) Table { return with(base, func(t *Table) { t.Changed = seconds }) }
	remembers := func(o *Observation) { o.Remembers = true }
	for name, test := range map[string]struct {
		was, is       Table
		before, after func(*Observation)
		moved, broken map[string]bool
		want          Reason
	}{
		"never changed":               {was: inno, is: inno, before: remembers, after: remembers},
		"never, or forgotten":         {was: inno, is: inno, after: remembers, want: Untold},
		"never, or forgotten since":   {was: inno, is: inno, before: remembers, want: Untold},
		"changed long ago":            {was: at(inno, long), is: at(inno, long)},
		"changed just now":            {was: at(inno, asked-1), is: at(inno, asked-1), want: Recent},
		"changed for the first time":  {was: inno, is: at(inno, asked), before: remembers, after: remembers, want: Changed},
		"changed again":               {was: at(inno, long), is: at(inno, asked), want: Changed},
		"forgotten":                   {was: at(inno, long), is: inno, before: remembers, after: remembers, want: Untold},
		"made anew":                   {was: at(inno, long), is: with(at(inno, long), func(t *Table) { t.Created = 2 }), want: Changed},
		"of another engine":           {was: inno, is: mine, want: Changed},
		"gone":                        {was: inno, is: Table{Schema: "a", Name: "u"}, want: Changed},
		"another file":                {was: at(inno, long), is: at(inno, long), moved: map[string]bool{"a/t": true}, want: Changed},
		"broken":                      {was: at(inno, long), is: at(inno, long), broken: map[string]bool{"a/t": true}, want: Broken},
		"another table is broken":     {was: at(inno, long), is: at(inno, long), broken: map[string]bool{"a/u": true}},
		"restarted":                   {was: at(inno, long), is: at(inno, long), after: func(o *Observation) { o.Started = 50 }, want: Restarted},
		"seen to begin a second late": {was: at(inno, long), is: at(inno, long), after: func(o *Observation) { o.Started++ }},
		"an old MariaDB": {was: inno, is: inno, before: func(o *Observation) { o.Remembers, o.Version = true, "10.1.48-MariaDB" },
			after: remembers, want: Untold},
		"MySQL 5.6": {was: at(inno, long), is: at(inno, long), before: asMySQL("5.6.24"), want: Untold},
		"MySQL 5.7": {was: at(inno, long), is: at(inno, long), before: asMySQL("5.7.44-log")},
		"MySQL 8.4": {was: at(inno, long), is: at(inno, long), before: asMySQL("8.4.2")},
		"partitioned in MySQL": {was: with(at(inno, long), inParts), is: with(at(inno, long), inParts), before: asMySQL("8.4.2"),
			want: Untold},
		"partitioned in MariaDB": {was: with(at(inno, long), inParts), is: with(at(inno, long), inParts)},
		"MyISAM":                 {was: mine, is: mine},
		"MyISAM written to": {was: mine, is: with(mine, func(t *Table) { t.Files = []fileState{{1, 2e9, 3e9}, {4, 5e9, 7e9}} }),
			want: Changed},
		"MyISAM just now":       {was: mine, is: mine, before: func(o *Observation) { o.Asked = 7 }, want: Recent},
		"MyISAM through memory": {was: mine, is: mine, before: func(o *Observation) { o.Mapped = true }, want: Untold},
		"MyISAM that cannot be seen": {was: with(mine, func(t *Table) { t.Files = nil }), is: with(mine, func(t *Table) { t.Files = nil }),
			want: Untold},
		"Aria": {was: with(inno, func(t *Table) { t.Engine = "Aria" }), is: with(inno, func(t *Table) { t.Engine = "Aria" }), want: Untold},
		"one that cannot be opened": {was: with(inno, func(t *Table) { t.Engine = "" }), is: with(inno, func(t *Table) { t.Engine = "" }),
			want: Untold},
	} {
		before := Observation{Flavour: server.MariaDB, Version: "10.11.19-MariaDB", Asked: asked, Started: 10, Tables: []Table{test.was}}
		if test.before != nil {
			test.before(&before)
		}
		after := Observation{Flavour: before.Flavour, Version: before.Version, Asked: asked + 1000, Started: 10, Tables: []Table{test.is}}
		if test.after != nil {
			test.after(&after)
		}
		same, left := before.unchanged(after, test.moved, test.broken)
		want := map[Reason]int{}
		if test.want != "" {
			want[test.want] = 1
		}
		if name == "gone" {
			want[Changed] = 2 // the one that has come, too
		}
		if (len(same) == 1) != (test.want == "") || !maps.Equal(left, want) {
			t.Errorf("%s: same %v, left %v, want %v", name, same, left, want)
		}
	}
}

func asMySQL(version string) func(*Observation) {
	return func(o *Observation) { o.Flavour, o.Version = server.MySQL, version }
}

func inParts(t *Table) { t.Partitioned = true }

func TestFiguresAreDescribed(t *testing.T) {
	t.Parallel()
	sum := uint64(7)
	for want, f := range map[string]Figures{
		"no rows were counted: it is away": {Failed: "it is away"},
		"rows counted of 0 of 0 tables":    {},
		"rows counted of 2 of 5 tables, checksums taken of 1 (without 2 changed meanwhile, 1 which could not be read)": {
			Tables: []Figure{{Schema: "a", Name: "t", Checksum: &sum}, {Schema: "a", Name: "u"}},
			Left:   map[Reason]int{Unreadable: 1, Changed: 2}},
	} {
		if got := f.Describe(); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}
