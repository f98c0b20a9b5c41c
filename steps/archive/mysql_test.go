package archive

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/steps/binlog"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/testkit"
)

// sealedMySQL is an archive of a MySQL's log in two segments, with the log's
// transactions, and what a backup that was taken after so many of them says.
func sealedMySQL(t *testing.T) (w *written, groups []binlog.Group, backup func(after int) server.Position) {
	t.Helper()
	w = writtenOf(t, recordedMySQL)
	_, err := w.open.seal(t.Context(), w.first)
	w.Must(err)
	var before binlog.State
	for _, part := range w.ends {
		switch {
		case part.State != nil:
			before = *part.State
		case part.Group != nil:
			groups = append(groups, *part.Group)
		}
	}
	return w, groups, func(after int) server.Position {
		seen := before
		for _, g := range groups[:after] {
			seen.Add(g.GTID)
		}
		// #nosec G115 -- a small file
		return server.Position{File: "binlog.000001", Offset: uint64(groups[after].Offset), GTID: seen.String()}
	}
}

// From a backup of a MySQL, to any of its transactions: what the data has seen is
// what the backup says, and what is applied the rest.
func TestPlansOfMySQL(t *testing.T) {
	t.Parallel()
	w, groups, backup := sealedMySQL(t)
	for after := range groups {
		start := backup(after)
		for n := after; n < len(groups); n++ {
			to, err := ParseMoment(groups[n].GTID.String(), nil)
			w.Must(err)
			plan, err := w.archive.Resolve(t.Context(), start, time.Now(), to)
			w.Must(err)
			want := start.GTID
			if n+1 < len(groups) {
				want = backup(n + 1).GTID
			}
			if plan.From != start.GTID || plan.Transactions != n-after+1 || n+1 < len(groups) && plan.GTID != want {
				t.Fatalf("after %d to %d: %+v, want it to end with %s", after, n, plan, want)
			}
		}
	}
	tables := groups[len(groups)-1].Tables
	plan, err := w.archive.Resolve(t.Context(), backup(3), time.Now(), Moment{})
	if err != nil || plan.Last == nil || len(tables) == 0 || strings.Join(plan.Last.Tables, " ") != strings.Join(tables, " ") {
		t.Errorf("the newest: %+v, %v", plan, err)
	}
}

// A backup of which the log does not know, or knows otherwise, is of another
// history. A place within a transaction is on the side that its GTID says.
func TestBackupsOfMySQLThatDoNotFit(t *testing.T) {
	t.Parallel()
	w, groups, backup := sealedMySQL(t)
	const other = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-3"
	more := backup(5)
	more.GTID = backup(6).GTID
	less := backup(5)
	less.GTID = backup(4).GTID
	within := backup(5)
	within.Offset++
	beside := backup(5)
	beside.GTID += "," + other
	foreign := backup(5)
	foreign.GTID = other
	senseless := backup(5)
	senseless.GTID = "a:b"
	elsewhere := backup(5)
	elsewhere.File = "binlog.000009"
	for name, test := range map[string]struct {
		start        server.Position
		transactions int
		refused      string
	}{
		"one more than the place says":      {more, 0, "is one of another history: the archive has " + groups[5].GTID.String()},
		"one fewer than the place says":     {less, 0, "is one of another history: the archive has " + groups[4].GTID.String()},
		"within one that is not in it":      {within, len(groups) - 5, ""},
		"what the log never had, besides":   {beside, len(groups) - 5, ""},
		"none of what the log had":          {foreign, 0, "the backup's place"},
		"a set that is none":                {senseless, 0, "is no set of MySQL's GTIDs"},
		"a file that the archive never had": {elsewhere, 0, "does not have the backup's"},
	} {
		plan, err := w.archive.Resolve(t.Context(), test.start, time.Now(), Moment{})
		if test.refused != "" {
			testkit.Says(t, err, test.refused)
			continue
		}
		w.Must(err)
		has, err := binlog.ParseState(test.start.GTID)
		w.Must(err)
		if plan.Transactions != test.transactions || plan.From != has.String() {
			t.Errorf("%s: %+v", name, plan)
		}
	}
}

// What has been applied is not laid down again; what the plan does not have cannot
// have been.
func TestRelayLogsOfMySQL(t *testing.T) {
	t.Parallel()
	w, groups, backup := sealedMySQL(t)
	plan, err := w.archive.Resolve(t.Context(), backup(2), time.Now(), Moment{})
	w.Must(err)
	for applied := 2; applied < len(groups); applied++ {
		state, err := binlog.ParseState(backup(applied).GTID)
		w.Must(err)
		folder := t.TempDir()
		laid, err := w.archive.Lay(t.Context(), plan, state, folder)
		w.Must(err)
		if g := groups[applied]; laid.Transactions != len(groups)-applied || laid.Sure && (!g.Transactional || g.XA || g.DDL) {
			t.Errorf("after %d: %+v", applied, laid)
		}
		if n := len(laid.Files); n != 2 || transactionsIn(t, filepath.Join(folder, laid.Files[0])) != laid.Transactions ||
			transactionsIn(t, filepath.Join(folder, laid.Files[1])) != 0 {
			t.Errorf("after %d: the files are %v", applied, laid.Files)
		}
	}
	other, err := binlog.ParseState(backup(4).GTID + ",3e11fa47-71ca-11e1-9e33-c80aa9429562:1")
	w.Must(err)
	_, err = w.archive.Lay(t.Context(), plan, other, t.TempDir())
	testkit.Says(t, err, "the plan does not have what was applied")
}

// transactionsIn counts those of a file, which begins with a list of GTIDs.
func transactionsIn(t *testing.T, path string) (n int) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readOpening(bytes.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	scanner := binlog.NewScanner(bytes.NewReader(text))
	for {
		part, err := scanner.Next()
		if errors.Is(err, io.EOF) {
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
		if part.Group != nil {
			n++
		}
	}
}
