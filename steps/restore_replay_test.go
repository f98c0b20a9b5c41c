package steps

import (
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/archive"
	"dbcalm-db-cmd/steps/boot"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/place"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
	"dbcalm-db-cmd/steps/tool"
)

// A backup that says too little of its place in the log is brought to no moment.
func TestBackupsWithoutAPlaceInTheLog(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		kind     string
		manifest *store.Manifest
		want     string
	}{
		"an old one":         {server.MariaDB, nil, "turn the log on (log_bin)"},
		"one without a log":  {server.MySQL, &store.Manifest{}, "turn the log on (log_bin)"},
		"one without GTIDs":  {server.MySQL, &store.Manifest{Binlog: &server.Position{File: "b.1", Offset: 4}}, "backup 'full' has no GTIDs"},
		"one of the archive": {server.MySQL, &store.Manifest{Binlog: &server.Position{File: "b.1", Offset: 4, GTID: "u:1"}}, "no archive"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t)
			h.Server.DBType = test.kind
			h.Archive = nil
			task := Task{Args: Args{To: "latest"}}
			links := []store.Link{{Record: persistence.Backup{ID: "full"}, Manifest: test.manifest}}
			testkit.Says(t, h.restores().planReplay(t.Context(), &task, links), test.want)
		})
	}
}

// A replay is told which MySQL it starts; what is no MySQL has no such option.
func TestReplayIsToldItsServer(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	for flavour, want := range map[string]bool{server.MySQL: true, server.MariaDB: false} {
		task := Task{Args: Args{IDList: []string{"full"}}, Data: Data{Placement: &place.Placement{Stage: h.Dir},
			ServerProgram: &boot.Program{Path: "/usr/sbin/mysqld", Flavour: flavour, Version: "8.4.2"}}}
		spec, err := h.restores().replayJob(t.Context(), task)
		h.Must(err)
		if got := slices.Contains(spec.Args, "--mysql=8.4.2"); got != want {
			t.Errorf("%s: %q", flavour, spec.Args)
		}
	}
}

// A set of GTIDs without end is cut where people read it.
func TestLongGTIDsAreCut(t *testing.T) {
	t.Parallel()
	if got := shownGTID("0-1-5"); got != "0-1-5" {
		t.Error(got)
	}
	if got := shownGTID(strings.Repeat("0-1-5,", 100)); len(got) > maxShownGTID+len("…") || !strings.HasSuffix(got, "…") {
		t.Error(got)
	}
}

// What a replay says of events comes into the operation's history.
func TestEventsThatAreOffAreTold(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.Archive = archive.In(h.Dir, h.Dir)
	task := Task{Data: Data{Placement: &place.Placement{Stage: h.Dir}, Replay: &archive.Plan{Transactions: 5, GTID: "0-1-5"}}}
	outcome, err := h.restores().replayFinish(t.Context(), task, job.Result{
		Tail: boot.EventsOff + "shop.nightly\n5 transactions replayed, up to GTID 0-1-5\n" + tool.Completed + "\n",
	})
	h.Must(err)
	if want := "5 transactions replayed up to GTID 0-1-5 in 0s; " + boot.EventsOff + "shop.nightly"; outcome.Reason != want {
		t.Errorf("got %q", outcome.Reason)
	}
}
