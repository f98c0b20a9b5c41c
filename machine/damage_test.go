package machine

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/testkit"
)

// What a verification has found is told before anything is built on it.
func TestNothingStandsOnAKnownDamage(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.described("full", "", 0, 100)
	w.described("inc", "full", 100, 200)
	w.start()
	path := filepath.Join(w.host.Store.Folder("full"), "xtrabackup_checkpoints")
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	w.write(path, "")
	w.ends(w.verify("inc", ""), persistence.Failed)
	w.write(path, string(sound))
	request := api.BackupRequest{ID: "next", FromBackupID: "inc"}
	_, err = w.IncrementalBackup(t.Context(), request)
	refusal(t, err, api.Conflict, "backup 'full' is known to be damaged, found on ")
	refusal(t, err, api.Conflict, "; take a full backup, or mend it and verify it again")
	sounds := func(p api.Plan, err error) bool {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return !slices.ContainsFunc(p.Checks, func(c api.Check) bool { return c.About == "soundness" })
	}
	if sounds(w.PlanBackup(t.Context(), request)) ||
		sounds(w.PlanRestore(t.Context(), api.RestoreRequest{IDList: []string{"full", "inc"}, Target: api.TargetFolder})) {
		t.Error("a plan does not tell of the damage")
	}
	w.ends(w.verify("inc", ""), persistence.Succeeded)
	if !sounds(w.PlanBackup(t.Context(), request)) ||
		!sounds(w.PlanRestore(t.Context(), api.RestoreRequest{IDList: []string{"full", "inc"}, Target: api.TargetFolder})) {
		t.Error("a plan tells of damage that was mended")
	}
}

func TestForwardedBackupIsNotVerifiedWithoutRetrieve(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.streamed("full", true)
	w.start()
	_, err := w.VerifyBackup(t.Context(), api.VerifyRequest{ID: "full"})
	refusal(t, err, api.Unavailable, "set retrieve in the configuration")
	plan, err := w.PlanRestore(t.Context(), api.RestoreRequest{IDList: []string{"full"}, Target: api.TargetFolder})
	if err != nil || plan.Goes || !slices.ContainsFunc(plan.Checks, func(c api.Check) bool { return c.About == "retrieve" && !c.OK }) {
		t.Errorf("got %+v, %v", plan, err)
	}
}
