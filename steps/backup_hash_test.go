package steps

import (
	"testing"

	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/store"
)

// Files are compressed while the tool works only where there is room for both
// forms of all of them.
func TestWhatIsDoneWhileTheToolWorks(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.Tool.Parallel = 5
	task := h.backupTask("op", "b", "", nil)
	for name, test := range map[string]struct {
		form            store.Form
		size            uint64
		hashed, packing bool
		workers         int
	}{
		"plain":                   {store.Form{}, 1, true, false, 5},
		"plain, hardly any room":  {store.Form{}, 1 << 60, true, false, 5},
		"compressed":              {store.Form{Compression: "zstd", Level: 3}, 1, true, true, packers},
		"compressed, little room": {store.Form{Compression: "zstd"}, 1 << 60, false, false, 0},
	} {
		var spec job.Spec
		task.Data.Form, task.Data.DataSize = &test.form, test.size
		h.backups().hashMeanwhile(task, &spec)
		hashed := spec.Digests == store.DigestsFile(task.Data.Work)
		packing := spec.Packing != nil && spec.Packing.Folder == store.PackingFolder(task.Data.Work) &&
			string(spec.Packing.Compression) == test.form.Compression && spec.Packing.Level == test.form.Level
		if hashed != test.hashed || packing != test.packing || spec.Workers != test.workers {
			t.Errorf("%s: got %+v", name, spec)
		}
	}
}
