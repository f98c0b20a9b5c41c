package main

import (
	"slices"
	"testing"
	"time"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/samples"
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/archive"
)

// A moment is a whole second: the newest backup that can be brought to it may have
// begun within that second, and none that began later is tried.
func TestNewestBackupOfTheMomentsSecond(t *testing.T) {
	t.Parallel()
	second := samples.Noon.Truncate(time.Second)
	d := &fakeDaemon{plan: api.Plan{Goes: true, Replay: &archive.Plan{}}}
	for id, after := range map[string]time.Duration{
		"before": -time.Nanosecond, "within": 700 * time.Millisecond, "later": time.Second,
	} {
		d.backups = append(d.backups, api.BackupView{ID: id, StartTime: second.Add(after)})
	}
	slices.SortFunc(d.backups, func(a, b api.BackupView) int { return a.StartTime.Compare(b.StartTime) })
	newInvocation(t, d).expect(t, exitOK, "restore", "--target", "folder", "--to", second.UTC().Format(time.RFC3339), "--plan",
		"--socket", "/x")
	var tried []string
	for _, asked := range d.asked {
		if plan, planned := asked.(askedPlan); planned {
			tried = append(tried, plan.id)
		}
	}
	if len(tried) == 0 || slices.Contains(tried, "later") || tried[0] != "within" {
		t.Errorf("asked of %q, want the one within the second first", tried)
	}
}
