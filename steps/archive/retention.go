package archive

import (
	"context"
	"time"
)

// tidyEvery is how often it is looked for what is needed no more.
const tidyEvery = 10 * time.Minute

// tidy removes the oldest segments that are needed no more. The newest always
// stays: the next one goes on from it.
func (c *Collector) tidy(ctx context.Context) error {
	if time.Since(c.tidied) < tidyEvery {
		return nil
	}
	c.tidied = time.Now()
	until, err := c.options.Keep(ctx)
	if err != nil || until.IsZero() {
		return err
	}
	kept := c.chain.Segments
	for len(kept) > 1 && kept[0].ReadAt.Before(until) {
		if err := c.archive.forget(kept[0]); err != nil {
			return err
		}
		kept = kept[1:]
	}
	if len(kept) < len(c.chain.Segments) {
		c.chain.Segments = kept
		c.board.chain(c.chain)
	}
	return nil
}

// forget removes a segment, the manifest first: content without one is nothing.
func (a *Archive) forget(s *Segment) error {
	if err := a.remove(manifestName(s.Number)); err != nil {
		return err
	}
	return a.remove(contentName(s.Number))
}

// Needed returns up to when what was read is needed no more: for restores of the
// backups that there are, whose oldest began at a time, and because of the days
// that are kept whatever backups there are. Without a backup all is needed.
func Needed(oldest time.Time, days int, now time.Time) time.Time {
	if oldest.IsZero() {
		return time.Time{}
	}
	if kept := now.AddDate(0, 0, -days); days > 0 && kept.Before(oldest) {
		return kept
	}
	return oldest
}
