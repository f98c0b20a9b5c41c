package catalogue

import (
	"errors"
	"fmt"
	"io/fs"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/store"
)

// verdict is what can be done for a backup without a record. The zero value
// says that it can be recorded.
type verdict struct {
	// found and advice are those of a finding.
	found, advice string
	// later: operations are at work; the next time it will be known.
	later bool
}

func newVerdict(found, format string, args ...any) verdict {
	return verdict{found: found, advice: fmt.Sprintf(format, args...)}
}

const unwanted = "; if it is not wanted, move its folder out of backup_dir"

// judge reports whether a backup without a record can be recorded. Nothing is
// recorded that cannot be restored.
func (p *rebuildPlan) judge(id string) verdict {
	if v, known := p.verdicts[id]; known {
		return v
	}
	// Whoever comes back here goes round in a circle.
	p.verdicts[id] = newVerdict(api.FoundMismatch, "it stands on itself%s", unwanted)
	v := p.judgeFolder(id)
	p.verdicts[id] = v
	return v
}

func (p *rebuildPlan) judgeFolder(id string) verdict {
	f, there := p.byName[id]
	switch {
	case p.used[id]:
		return verdict{later: true}
	case !there:
		return newVerdict(api.FoundNoFolder, "it is not in backup_dir")
	case errors.Is(f.Problem, fs.ErrNotExist):
		return newVerdict(api.FoundNoManifest, "%s holds no %s: a backup of an older program, or none; it is left alone%s",
			p.folder(id), store.ManifestName, unwanted)
	case errors.Is(f.Problem, store.ErrOtherBackup):
		return newVerdict(api.FoundMismatch, "%s holds backup '%s': give the folder that name, or, if it is a copy, move it out of backup_dir",
			p.folder(id), f.Manifest.ID)
	case f.Problem != nil:
		return newVerdict(api.FoundDamaged, "%v; it is not recorded%s", f.Problem, unwanted)
	case f.Manifest.ParentID == "":
		return verdict{}
	}
	return p.judgeBase(f.Manifest)
}

// judgeBase reports whether what a backup stands on is there, and is the right
// one.
func (p *rebuildPlan) judgeBase(m *store.Manifest) verdict {
	base, there := p.byName[m.ParentID]
	if !p.recorded(m.ParentID) {
		if !there && !p.used[m.ParentID] {
			return newVerdict(api.FoundNoBase, "it stands on '%s', which is neither recorded nor in backup_dir: "+
				"bring that folder back and run this again%s",
				m.ParentID, unwanted)
		}
		switch v := p.judge(m.ParentID); {
		case v.later:
			return v
		case v.found != "":
			return newVerdict(api.FoundNoBase, "it stands on '%s', which cannot be recorded itself (%s)%s", m.ParentID, v.found, unwanted)
		}
	}
	switch {
	case !there:
		// Its record is there; that its folder is not is a finding of its own.
		return verdict{}
	case base.Problem != nil && !errors.Is(base.Problem, fs.ErrNotExist):
		return newVerdict(api.FoundNoBase, "it stands on '%s', whose folder is not right (%v)%s", m.ParentID, base.Problem, unwanted)
	}
	if err := m.Joins(m.ParentID, base.Manifest); err != nil {
		return newVerdict(api.FoundMismatch, "%v; it is not recorded%s", err, unwanted)
	}
	return verdict{}
}
