package steps

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// forwarded tells whether a link's stream lies elsewhere.
func (l Link) forwarded() bool { return l.streamed() && l.Manifest.Stream.Forwarded }

// nextForwarded returns the first link whose stream lies elsewhere and has not
// been looked at.
func nextForwarded(t Task, links []Link) (int, Link, bool) {
	for i, l := range links {
		if l.forwarded() && !slices.Contains(t.Data.Unpacked, i) {
			return i, l, true
		}
	}
	return 0, Link{}, false
}

// retrieveJob gets back the next stream that was forwarded; the supervisor
// checks it and throws it away.
func (h *Host) retrieveJob(ctx context.Context, t Task) (JobSpec, error) {
	links, err := h.chain(ctx, t.Args.IDList)
	if err != nil {
		return JobSpec{}, err
	}
	_, l, found := nextForwarded(t, links)
	if !found {
		return JobSpec{}, errors.New("no forwarded stream of the chain is left to look at")
	}
	spec := JobSpec{Dir: "/", Grace: StopGrace}
	err = h.feed(&spec, l.Manifest)
	return spec, err
}

// retrieveFinish judges what came.
func (h *Host) retrieveFinish(ctx context.Context, t Task, r JobResult) (Outcome, error) {
	links, err := h.chain(ctx, t.Args.IDList)
	if err != nil {
		return Outcome{}, instead(err, links, TargetVerify)
	}
	i, l, found := nextForwarded(t, links)
	if !found {
		return Outcome{}, errors.New("no forwarded stream of the chain is left to look at")
	}
	id := l.Manifest.ID
	if err := proveStream("look at backup '"+id+"'", retrieveKey, r); err != nil {
		return Outcome{}, h.insteadOfStream(ctx, t, i, h.blameStream(t, id, r, err))
	}
	t.Data.Unpacked = append(slices.Clone(t.Data.Unpacked), i)
	outcome := ok(t, fmt.Sprintf("'%s' retrieved, %s, checksum right, in %s", id, humanBytes(uint64(r.Stream.StoredSize)), r.Ended.Sub(r.Started).Round(time.Millisecond)))
	if _, _, more := nextForwarded(t, links); more {
		outcome.Event = EventMore
	}
	return outcome, nil
}

// retrieveProgress tells how much has come.
func (h *Host) retrieveProgress(t Task, folder string) (Progress, bool) {
	for i, id := range t.Args.IDList {
		if l := (Link{Manifest: h.manifestOrNil(id)}); l.forwarded() && !slices.Contains(t.Data.Unpacked, i) {
			come, told := ReadProgress(folder)
			return Progress{Done: come.Stored, Total: l.Manifest.Stream.StoredSize}, told
		}
	}
	return Progress{}, false
}
