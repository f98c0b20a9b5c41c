//go:build speed

package steps

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
	"dbcalm-db-cmd/steps/tool"
)

// The limits of the time a streamed, compressed and hashed backup takes, as
// parts of what the same tool takes in a shell's pipeline.
const (
	limitOfHashed = 1.00
	limitOfPlain  = 1.10
)

// orderDocument returns an SQL expression for a document as a shop keeps them,
// of about a kilobyte, with numbers, names and keys that do not repeat in step.
func orderDocument() string {
	const customer = `'{"order":', seq, ',"customer":{"id":', seq * 7919 % 1000003, ',"name":"',
		elt(1 + seq * 7 % 11, 'Ada', 'Grace', 'Edsger', 'Barbara', 'Donald', 'Frances', 'Niklaus', 'Radia', 'Tony', 'Margaret', 'Alan'), ' ',
		elt(1 + seq * 13 % 17, 'Moser', 'Keller', 'Weber', 'Huber', 'Schmid', 'Meier', 'Graf', 'Roth', 'Frei',
			'Kunz', 'Suter', 'Vogel', 'Lang', 'Wyss', 'Berger', 'Hess', 'Koch'),
		'","token":"', left(md5(seq), 12), '"},"placed":"', from_unixtime(1700000000 + seq * 37), '","lines":['`
	const line = `, '{"sku":"', left(sha1(seq * 9 + %[1]d), 10), '","quantity":', 1 + seq * %[1]d %% 9,
		',"price":', seq * %[1]d * 7919 %% 100003 / 100,
		',"note":"', elt(1 + (seq + %[1]d * 3) %% 5, 'in stock', 'on order', 'sent in two parcels', 'gift wrapped', 'back in a week'), '"},'`
	document := "concat(" + customer
	for n := range 9 {
		document += fmt.Sprintf(line, n+1)
	}
	return document + ", ']}')"
}

// TestSpeed compares streamed backups with shell pipelines in one run, and
// prints the ratios. The rounds take turns, so that what else the machine does
// falls on all of them; each figure is the median of its rounds.
func TestSpeed(t *testing.T) {
	mebibytes, rounds := number(t, "BENCH_MIB", 1024), number(t, "BENCH_ROUNDS", 5)
	for _, set := range []struct{ name, value string }{
		{"compressible", orderDocument()},
		{"incompressible", "random_bytes(1000)"},
	} {
		t.Run(set.name, func(t *testing.T) {
			server := mariadbtest.Start(t)
			h := hostOf(t, server)
			fill(server, set.value, mebibytes)
			taken := map[string][]time.Duration{}
			ways := h.ways()
			for range rounds {
				for _, way := range ways {
					taken[way.name] = append(taken[way.name], h.time(way.run))
				}
			}
			report(t, set.name, mebibytes, rounds, taken)
		})
	}
}

func number(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv(variable), strconv.Itoa(otherwise)))
	if err != nil || n < 1 {
		t.Fatalf("%s must be a whole number from 1", variable)
	}
	return n
}

// fill makes tables of about this size together.
func fill(server *mariadbtest.Server, value string, mebibytes int) {
	const tables = 8
	server.Exec("CREATE DATABASE bench")
	for i := range tables {
		server.Exec(fmt.Sprintf("CREATE TABLE bench.t%d (id int PRIMARY KEY, v mediumblob) ENGINE=InnoDB", i),
			fmt.Sprintf("INSERT INTO bench.t%d SELECT seq, %s FROM bench.seq_1_to_%d", i, value, mebibytes*1024/tables*9/10))
	}
}

type way struct {
	name string
	run  func(target string)
}

const (
	ourWay = "dbcalm-db-cmd"
	hashed = "mariabackup | zstd -T0 | tee file | sha256sum"
	plain  = "mariabackup | zstd -T0 > file"
)

func (h *testHost) ways() []way {
	found, err := h.Tool.Find(h.T.Context(), "")
	if err != nil {
		h.T.Fatal(err)
	}
	credentials, err := h.Server.Credentials()
	if err != nil {
		h.T.Fatal(err)
	}
	shell := func(after string) func(string) {
		return func(target string) {
			spec := h.Tool.BackupCommand(found, credentials, nil, h.Server.DataDir, target, tool.Base{})
			spec.Args = append(spec.Args, "--stream=xbstream", "--extra-lsndir="+target)
			line := "set -o pipefail; " + spec.Line() + " 2>/dev/null | zstd -q -T0 " + after
			if out, err := exec.Command("bash", "-c", line).CombinedOutput(); err != nil {
				h.T.Fatalf("%s: %v\n%s", line, err, out)
			}
		}
	}
	row := 0
	supervised := func(target string) {
		row++
		spec := h.Tool.BackupCommand(found, credentials, nil, h.Server.DataDir, target, tool.Base{})
		spec.Args = append(spec.Args, "--stream=xbstream", "--extra-lsndir="+target)
		spec.Stream = &job.Stream{Direction: job.StreamOut, File: filepath.Join(target, "stream"), Compression: "zstd",
			StallTimeout: testkit.Patience, Contents: filepath.Join(target, "contents.json")}
		h.supervise(h.Jobs.Folder("bench", int64(row)), spec)
	}
	return []way{{ourWay, supervised}, {hashed, shell("| tee stream | sha256sum")}, {plain, shell("> stream")}}
}

func (h *testHost) supervise(folder string, spec job.Spec) {
	if err := h.Jobs.Create(folder, spec); err != nil {
		h.T.Fatal(err)
	}
	running, err := h.Jobs.Launch(folder)
	if err != nil {
		h.T.Fatal(err)
	}
	defer running.Close()
	if _, err := running.Release(h.T.Context(), ""); err != nil {
		h.T.Fatal(err)
	}
	if r, err := running.Wait(context.Background()); err != nil || r.Stream == nil {
		h.T.Fatalf("got %+v, %v", r, err)
	}
}

// time runs one way in a folder of its own, on a disk with nothing to write.
func (h *testHost) time(run func(string)) time.Duration {
	target := filepath.Join(h.Dir, "target")
	if err := os.Mkdir(target, 0o750); err != nil {
		h.T.Fatal(err)
	}
	h.T.Chdir(target)
	unix.Sync()
	began := time.Now()
	run(target)
	took := time.Since(began)
	h.T.Chdir(h.Dir)
	if err := os.RemoveAll(target); err != nil {
		h.T.Fatal(err)
	}
	return took
}

func report(t *testing.T, set string, mebibytes, rounds int, taken map[string][]time.Duration) {
	median := func(name string) float64 {
		slices.Sort(taken[name])
		return taken[name][len(taken[name])/2].Seconds()
	}
	fmt.Printf("\n%s data, about %d MiB, median of %d rounds:\n", set, mebibytes, rounds)
	fmt.Printf("  %-46s %6.2f s\n", ourWay, median(ourWay))
	for _, other := range []struct {
		name  string
		limit float64
	}{{hashed, limitOfHashed}, {plain, limitOfPlain}} {
		ratio := median(ourWay) / median(other.name)
		fmt.Printf("  %-46s %6.2f s  ratio %.2f, limit %.2f\n", other.name, median(other.name), ratio, other.limit)
		if ratio > other.limit {
			t.Errorf("%s takes %.2f of %s, more than %.2f", ourWay, ratio, other.name, other.limit)
		}
	}
}
