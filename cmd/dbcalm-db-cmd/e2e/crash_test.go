package e2e

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"dbcalm-db-cmd/steps/testkit"
	disktest "dbcalm-db-cmd/steps/testkit/disk"
)

// The variables that say how large the crash matrix is to be. Without them it
// is the short form that runs with all other tests; `make crash` sets them.
const (
	// envCrashKills is the number of kills, over all worlds.
	envCrashKills = "CRASH_KILLS"
	// envCrashWorlds is the number of worlds of each half, struck side by side.
	envCrashWorlds = "CRASH_WORLDS"
	// envCrashTime is the time after which no more kills are struck.
	envCrashTime = "CRASH_TIME"
	// envCrashSeed is the seed of the first round, as a failing run prints it.
	envCrashSeed = "CRASH_SEED"
	// envCrashOut is the file to write the matrix to.
	envCrashOut = "CRASH_OUT"
)

// shortCrashKills is the size of the short form.
const shortCrashKills = 8

// TestCrashMatrix kills the daemon, its supervisors, its tools and the whole
// machine at named points and at random times, with at least three operations
// open, and checks after each recovery that nothing is lost, left behind or
// half-done.
func TestCrashMatrix(t *testing.T) {
	t.Parallel()
	testkit.NeedsServer(t)
	if !disktest.Enter(t) {
		return
	}
	kills, worlds := number(t, envCrashKills, shortCrashKills), number(t, envCrashWorlds, 1)
	seed := number(t, envCrashSeed, uint64(time.Now().UnixNano()))
	table := newMatrix(seed)
	t.Run("halves", func(t *testing.T) {
		for _, half := range []struct {
			name  string
			begin func(*testing.T) *crash
		}{{"server_up", crashServerUp}, {"server_down", crashServerDown}} {
			for i := range worlds {
				t.Run(fmt.Sprintf("%s_%d", half.name, i), func(t *testing.T) {
					t.Parallel()
					// Worlds have seeds of their own, and the halves of each the same.
					strikeRounds(t, half.begin(t), table, seed+i*1_000_000, int(kills/worlds)/2)
				})
			}
		}
	})
	if !t.Failed() {
		writeMeasured(t, os.Getenv(envCrashOut), table.String())
	}
	if table.kills == 0 {
		t.Error("no kill was struck")
	}
}

// number reads a number from the environment.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// strikeRounds runs rounds, the first with a seed, until enough kills are struck.
func strikeRounds(t *testing.T, c *crash, table *matrix, seed uint64, kills int) {
	limit, err := time.ParseDuration(cmp.Or(os.Getenv(envCrashTime), "24h"))
	if err != nil {
		t.Fatalf("%s: %v", envCrashTime, err)
	}
	begun := time.Now()
	for struck, idle := 0, 0; struck < kills && idle < 20; seed++ {
		if time.Since(begun) > limit {
			return
		}
		n := c.round(rand.New(rand.NewPCG(seed, 1)), table)
		if t.Failed() {
			t.Fatalf("replay with: CRASH_SEED=%d CRASH_KILLS=4 go test ./cmd/dbcalm-db-cmd/e2e -run TestCrashMatrix\n%s", seed, c.w.daemonLog())
		}
		struck += n
		if n == 0 {
			idle++
		} else {
			idle = 0
		}
	}
}
