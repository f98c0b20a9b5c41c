package counts

import (
	"dbcalm-db-cmd/steps/server"
)

// The engines of which it can be known whether a table was changed.
const (
	innoDB = "InnoDB"
	myISAM = "MyISAM"
)

// Reason is why a table is not compared.
type Reason string

// The reasons. The word is kept in backups.
const (
	// Changed: it was changed meanwhile, or may have been.
	Changed Reason = "changed"
	// Recent: it was changed so shortly before the backup that the second does not
	// tell whether it was again.
	Recent Reason = "recent"
	// Untold: neither its engine nor the server tells when it was changed.
	Untold Reason = "untold"
	// Restarted: the server was restarted, and has forgotten.
	Restarted Reason = "restarted"
	// Busy: somebody waited for it, or it was locked.
	Busy Reason = "busy"
	// Unreadable: the server refused to read it.
	Unreadable Reason = "unreadable"
	// Broken: the server could not use it already.
	Broken Reason = "broken"
	// Unusable: a server that is started on the backup cannot use it or say whether
	// it is sound.
	Unusable Reason = "unusable"
)

// reasons are all of them with what a person is told, in the order of telling.
var reasons = []struct {
	reason Reason
	text   string
}{
	{Changed, "changed meanwhile"}, {Recent, "changed in the seconds before"}, {Untold, "of which nobody tells when they change"},
	{Restarted, "of which the server forgot that, since it was restarted"}, {Busy, "which somebody else waited for or had locked"},
	{Unreadable, "which could not be read"}, {Broken, "broken on the server already"},
	{Unusable, "of which the started server could not say whether they are sound"},
}

const (
	// slack is how far apart two readings of a server's clock may be that mean the
	// same, in seconds.
	slack = 2
	// recent is how long ago a table must have been changed, in seconds, for its
	// time to tell: a transaction is seen a moment before that is noted, or after.
	recent = 5
)

// unchanged returns the tables that are as they were at an earlier time, and
// counts the others by the reason why that is not proved. Moved has, by their
// names, the files of tables that are others now; broken those of tables that
// the server cannot use.
func (o Observation) unchanged(now Observation, moved, broken map[string]bool) (same []Table, left map[Reason]int) {
	left = map[Reason]int{}
	is := make(map[tableName]Table, len(now.Tables))
	for _, t := range now.Tables {
		is[tableName{t.Schema, t.Name}] = t
	}
	restarted := now.Started-o.Started > slack || o.Started-now.Started > slack
	for _, was := range o.Tables {
		name := tableName{was.Schema, was.Name}
		t, there := is[name]
		delete(is, name)
		reason := Changed
		switch {
		case broken[was.File]:
			reason = Broken
		case !there || moved[was.File] || t.Created != was.Created || t.Engine != was.Engine:
		case restarted:
			reason = Restarted
		case was.Engine == innoDB:
			reason = o.innoDBChanged(was, now, t)
		case was.Engine == myISAM:
			reason = o.myISAMChanged(was, now, t)
		default:
			reason = Untold
		}
		if reason == "" {
			same = append(same, t)
		} else {
			left[reason]++
		}
	}
	// Those that have come.
	if n := len(is); n > 0 {
		left[Changed] += n
	}
	return same, left
}

// innoDBChanged returns why a table of InnoDB is not known to be unchanged, or
// nothing.
func (o Observation) innoDBChanged(was Table, now Observation, t Table) Reason {
	switch {
	case !o.tellsInnoDB(was):
		return Untold
	case was.Changed == 0 && t.Changed == 0 && o.Remembers && now.Remembers:
		return ""
	case t.Changed == 0:
		return Untold // it was forgotten, or may have been
	case t.Changed != was.Changed:
		return Changed
	case was.Changed > o.Asked-recent:
		return Recent
	}
	return ""
}

// tellsInnoDB reports whether the server says of a table of InnoDB when it was
// changed. Older ones never do, and MySQL not of partitioned tables.
// https://dev.mysql.com/doc/refman/8.4/en/information-schema-tables-table.html
func (o Observation) tellsInnoDB(t Table) bool {
	if o.Flavour == server.MySQL {
		return server.AtLeast(o.Version, 5, 7) && !t.Partitioned
	}
	return server.AtLeast(o.Version, 10, 3)
}

// myISAMChanged is innoDBChanged for a table of MyISAM.
func (o Observation) myISAMChanged(was Table, now Observation, t Table) Reason {
	if len(was.Files) == 0 || len(t.Files) != len(was.Files) || o.Mapped || now.Mapped {
		return Untold
	}
	for i, f := range was.Files {
		if f != t.Files[i] {
			return Changed
		}
		if max(f.Modified, f.Changed) > (o.Asked-recent)*1e9 {
			return Recent
		}
	}
	return ""
}
