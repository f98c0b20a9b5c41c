package steps

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/store"
)

// nextForwarded returns the first link whose stream lies elsewhere and has not
// been looked at.
func nextForwarded(t Task, links []store.Link) (int, store.Link, bool) {
	for i, l := range links {
		if l.Forwarded() && !slices.Contains(t.Data.Unpacked, i) {
			return i, l, true
		}
	}
	return 0, store.Link{}, false
}

// retrieveJob gets back the next stream that was forwarded; the supervisor
// checks it and throws it away.
func (s verifySteps) retrieveJob(ctx context.Context, t Task) (job.Spec, error) {
	links, err := s.Store.Chain(ctx, t.Args.IDList)
	if err != nil {
		return job.Spec{}, err
	}
	_, l, found := nextForwarded(t, links)
	if !found {
		return job.Spec{}, errors.New("no forwarded stream of the chain is left to look at")
	}
	spec := job.Spec{Dir: "/", Grace: job.StopGrace}
	err = s.feed(&spec, l.Manifest)
	return spec, err
}

// retrieveFinish judges what came.
func (s verifySteps) retrieveFinish(ctx context.Context, t Task, r job.Result) (Outcome, error) {
	links, err := s.Store.Chain(ctx, t.Args.IDList)
	if err != nil {
		return Outcome{}, instead(err, links, TargetVerify)
	}
	i, l, found := nextForwarded(t, links)
	if !found {
		return Outcome{}, errors.New("no forwarded stream of the chain is left to look at")
	}
	id := l.Manifest.ID
	if err := proveStream("look at backup '"+id+"'", retrieveKey, r); err != nil {
		return Outcome{}, s.restores().insteadOfStream(ctx, t, i, s.restores().blameStream(t, id, r, err))
	}
	t.Data.Unpacked = append(slices.Clone(t.Data.Unpacked), i)
	outcome := ok(t, fmt.Sprintf("'%s' retrieved, %s, checksum right, in %s", id, disk.HumanBytes(uint64(r.Stream.StoredSize)), r.Ended.Sub(r.Started).Round(time.Millisecond)))
	if _, _, more := nextForwarded(t, links); more {
		outcome.Event = EventMore
	}
	return outcome, nil
}

// retrieveProgress tells how much has come.
func (s verifySteps) retrieveProgress(t Task, folder string) (disk.Progress, bool) {
	for i, id := range t.Args.IDList {
		if l := (store.Link{Manifest: s.Store.ManifestOrNil(id)}); l.Forwarded() && !slices.Contains(t.Data.Unpacked, i) {
			come, told := job.ReadProgress(folder)
			return disk.Progress{Done: come.Stored, Total: l.Manifest.Stream.StoredSize}, told
		}
	}
	return disk.Progress{}, false
}
