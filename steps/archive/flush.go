package archive

import (
	"context"
	"errors"
)

var errEnded = errors.New("the archive's collector has ended")

// Flush has all read and sealed that the server had committed when it was asked
// for. It returns nil when that is so, and why it may not be otherwise.
func (c *Collector) Flush(ctx context.Context) error {
	done := make(chan error, 1)
	select {
	case c.flush <- done:
	case <-c.ended:
		return errEnded
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// answer answers all who have asked.
func (c *Collector) answer(err error) {
	for _, done := range c.asked {
		done <- err
	}
	c.asked = nil
}
