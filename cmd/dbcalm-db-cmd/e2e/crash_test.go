package e2e

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"
)

// The crash matrix's size. The defaults are the short form that runs with all
// other tests; `make crash` asks for more.
var (
	crashKills = flag.Int("crash.kills", 24, "kills to strike, over both halves")
	crashTime  = flag.Duration("crash.time", 0, "stop striking after this time; 0: when all kills are struck")
	crashSeed  = flag.Uint64("crash.seed", 0, "seed of the first round, as a failing run prints it; 0: a new one")
	crashOut   = flag.String("crash.out", "", "write the matrix to this file")
)

// TestCrashMatrix kills the daemon, its supervisors, its tools and the whole
// machine at named points and at random times, with at least three operations
// open, and checks after each recovery that nothing is lost, left behind or
// half-done.
func TestCrashMatrix(t *testing.T) {
	t.Parallel()
	table := newMatrix()
	t.Run("halves", func(t *testing.T) {
		for _, half := range []struct {
			name  string
			begin func(testing.TB) *crash
		}{{"server_up", crashServerUp}, {"server_down", crashServerDown}} {
			t.Run(half.name, func(t *testing.T) {
				t.Parallel()
				strikeRounds(t, half.begin(t), table, *crashKills/2)
			})
		}
	})
	text := table.String()
	t.Logf("\n%s", text)
	if *crashOut != "" {
		if err := os.WriteFile(*crashOut, []byte(text), 0o644); err != nil {
			t.Error(err)
		}
	}
	if table.kills == 0 {
		t.Error("no kill was struck")
	}
}

// strikeRounds runs rounds until enough kills are struck.
func strikeRounds(t *testing.T, c *crash, table *matrix, kills int) {
	seed := *crashSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	begun := time.Now()
	for struck, idle := 0, 0; struck < kills && idle < 20; seed++ {
		if *crashTime > 0 && time.Since(begun) > *crashTime {
			return
		}
		n := c.round(rand.New(rand.NewPCG(seed, 1)), table)
		if t.Failed() {
			t.Fatalf("replay with: go test ./cmd/dbcalm-db-cmd/e2e -run '%s' -crash.seed=%d -crash.kills=2\n%s", t.Name(), seed, c.w.daemonLog())
		}
		struck += n
		if n == 0 {
			idle++
		} else {
			idle = 0
		}
	}
	fmt.Fprintf(os.Stderr, "%s: last seed %d, %s\n", t.Name(), seed-1, time.Since(begun).Round(time.Second))
}
