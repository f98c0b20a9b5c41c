package steps

import (
	"context"
	"testing"

	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/testkit"
	storetest "dbcalm-db-cmd/steps/testkit/store"
)

// unpacks does the task's unpacking to its end, as the machine does, and
// returns the last outcome.
func (h *testHost) unpacks(task Task) (Outcome, error) {
	h.T.Helper()
	for seq := int64(1); ; seq++ {
		spec, err := h.restores().unpackJob(h.T.Context(), task)
		if err != nil {
			return Outcome{}, err
		}
		out, err := h.restores().unpackFinish(h.T.Context(), task, h.runs(task.Operation, seq, spec))
		if err != nil || out.Event != EventMore {
			return out, err
		}
		task.Data = out.Data
	}
}

// runs runs a job to its end.
func (h *testHost) runs(operation string, seq int64, spec job.Spec) job.Result {
	h.T.Helper()
	folder := h.Jobs.Folder(operation, seq)
	h.Must(h.Jobs.Create(folder, spec))
	job, err := h.Jobs.Launch(folder, nil)
	h.Must(err)
	defer job.Close()
	_, err = job.Release(h.T.Context(), spec.Shell)
	h.Must(err)
	ctx, cancel := context.WithTimeout(h.T.Context(), testkit.Patience)
	defer cancel()
	r, err := job.Wait(ctx)
	if err != nil {
		_ = job.Kill(context.Background())
		h.T.Fatal(err)
	}
	h.Must(h.Jobs.Remove(folder))
	return r
}

// packedLinks is a store with a chain of two, each stored in a form, and a
// host that can unpack them.
func packedLinks(t *testing.T, full, inc string) *testHost {
	t.Helper()
	h := twoLinks(t)
	h.Retrieve, h.StallTimeout = `cat "`+h.Forwarded()+`/$DBCALM_FILE"`, testkit.Patience
	storetest.Forms[full](h.Kit, "full")
	storetest.Forms[inc](h.Kit, "inc")
	return h
}

// unpackTask is the restore of both of packedLinks.
func (h *testHost) unpackTask() Task {
	h.T.Helper()
	testkit.NeedsServer(h.T)
	t := h.restoreTask("full", "inc")
	t.Data.Tool = &mariabackup
	var err error
	t.Data.Unpacker, err = h.Tool.FindUnpacker(mariabackup)
	h.Must(err)
	return t
}
