package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

// Signs of life come three times in the time systemd waits for one, and stop
// for as long as the daemon is not healthy.
func TestWatchdogTellsOnlyHealth(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var ill atomic.Pointer[error]
		var told atomic.Int64
		var log bytes.Buffer
		w := watchdog{
			limit: 30 * time.Second,
			healthy: func(context.Context) error {
				if err := ill.Load(); err != nil {
					return *err
				}
				return nil
			},
			tell: func() { told.Add(1) },
			log:  zerolog.New(&log),
		}
		go w.run(ctx)
		after := func(wait time.Duration, want int64) {
			t.Helper()
			<-time.After(wait)
			synctest.Wait()
			if told := told.Load(); told != want {
				t.Errorf("told %d times, want %d", told, want)
			}
		}
		after(time.Second, 1)
		after(30*time.Second, 4)
		gone := errors.New("the socket is gone")
		ill.Store(&gone)
		after(time.Minute, 4)
		contains(t, "the log", log.String(), "the socket is gone", "not healthy; systemd starts the daemon anew if this stays so")
		ill.Store(nil)
		after(10*time.Second, 5)
		cancel()
		after(time.Minute, 5)
	})
}

// A daemon that hangs gets no more than the time until the next sign is due.
func TestWatchdogDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var limits []time.Duration
		w := watchdog{
			limit: 30 * time.Second,
			healthy: func(ctx context.Context) error {
				begun := time.Now()
				<-ctx.Done()
				limits = append(limits, time.Since(begun))
				return ctx.Err()
			},
			tell: func() { t.Error("told that a daemon which hangs is healthy") },
			log:  zerolog.Nop(),
		}
		go w.run(ctx)
		<-time.After(15 * time.Second)
		synctest.Wait()
		if len(limits) != 1 || limits[0] != 10*time.Second {
			t.Errorf("asked for %v", limits)
		}
	})
}

// Healthy is who answers on every socket, be it with a refusal.
func TestHealthIsAnAnswerOnEverySocket(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	first, second, gone := filepath.Join(folder, "a"), filepath.Join(folder, "b"), filepath.Join(folder, "c")
	listen(t, &fakeDaemon{}, first)
	listen(t, &fakeDaemon{err: errors.New("the database is locked")}, second)
	if err := answersOn(t.Context(), first, second); err != nil {
		t.Error(err)
	}
	if err := answersOn(t.Context(), first, ""); err != nil {
		t.Errorf("no second socket is wanted: %v", err)
	}
	if err := answersOn(t.Context(), first, gone); err == nil || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a socket is missing, and it says %v", err)
	}
}
